package dev.pilotlight.engine;

import dev.pilotlight.engine.VllmMetrics.Family;
import dev.pilotlight.engine.VllmMetrics.HistogramName;
import dev.pilotlight.prometheus.MetricPage;
import dev.pilotlight.prometheus.Sample;
import dev.pilotlight.range.Range;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * From the samples of a page to the engine's state: names, ranks and models brought together. A gauge or counter of a rank that cannot be
 * makes the whole page one that says nothing, since what was computed from it could not be taken back; what else cannot be is left out.
 */
final class SnapshotReader {
    /** More data-parallel ranks than any deployment has behind one page. */
    private static final int MOST_RANKS = 256;

    private static final int MOST_MODELS = 64;
    private static final int LONGEST_NAME = 256;

    /** The engine of a page whose version has no such label. */
    private static final String ONLY_ENGINE = "0";

    /** What keeps the page from being believed, the first of it. */
    private Optional<String> impossible = Optional.empty();

    /** What was left out, the first of it. */
    private Optional<String> leftOut = Optional.empty();

    /** Of one engine's series of a family. */
    private record Total(double sum, double max) {
        Total with(Total other) {
            return new Total(sum + other.sum, Math.max(max, other.max));
        }
    }

    private SnapshotReader() {}

    static VllmPage read(MetricPage page) {
        SnapshotReader reader = new SnapshotReader();
        VllmPage meaning = reader.meaning(page);
        return reader.impossible.<VllmPage>map(VllmPage.Impossible::new).orElse(meaning);
    }

    private VllmPage meaning(MetricPage page) {
        Map<String, Total> running = byEngine(page, VllmMetrics.RUNNING, Range.REQUESTS);
        Map<String, Total> waiting = byEngine(page, VllmMetrics.WAITING, Range.REQUESTS);
        Map<String, Total> kvCacheUse = shares(page, VllmMetrics.KV_CACHE_USE);
        Map<String, Total> promptTokens = byEngine(page, VllmMetrics.PROMPT_TOKENS, Range.COUNT);
        Map<String, Total> generationTokens = byEngine(page, VllmMetrics.GENERATION_TOKENS, Range.COUNT);
        Map<String, Total> successes = byEngine(page, VllmMetrics.SUCCESSES, Range.COUNT);
        Map<String, Total> preemptions = byEngine(page, VllmMetrics.PREEMPTIONS, Range.COUNT);
        Map<String, Total> answeredTokens = byEngine(page, VllmMetrics.ANSWERED_TOKENS, Range.COUNT);
        Map<String, Total> cachedPromptTokens = byEngine(page, VllmMetrics.CACHED_PROMPT_TOKENS, Range.COUNT);
        Map<String, Total> steps = byEngine(page, VllmMetrics.STEPS, Range.COUNT);

        Map<String, Double> deferred = deferred(page);

        Set<String> engines = new LinkedHashSet<>(running.keySet());
        if (running.isEmpty()) {
            if (!isFresh(page, generationTokens)) {
                return new VllmPage.Missing(VllmMetrics.RUNNING.spellings());
            }
            engines.addAll(generationTokens.keySet());
            if (engines.isEmpty()) {
                engines.add(ONLY_ENGINE);
            }
        } else if (waiting.isEmpty()) {
            return new VllmPage.Missing(VllmMetrics.WAITING.spellings());
        } else {
            // On a multi-process page a rank has no gauge before its first request; its counters stand at 0 from the
            // start.
            engines.addAll(generationTokens.keySet());
        }
        if (impossible.isPresent() || engines.size() > MOST_RANKS) {
            refuse("the metrics page has %d engines, which cannot be: %d at most"
                    .formatted(engines.size(), MOST_RANKS));
            return new VllmPage.Missing(VllmMetrics.RUNNING.spellings());
        }
        List<Rank> ranks = new ArrayList<>(engines.size());
        for (String engine : engines) {
            ranks.add(new Rank(
                    engine,
                    sum(running.get(engine)).orElse(0),
                    sum(waiting.get(engine)).orElse(0),
                    max(kvCacheUse.get(engine)),
                    sum(promptTokens.get(engine)),
                    sum(generationTokens.get(engine)),
                    sum(successes.get(engine)),
                    sum(preemptions.get(engine)),
                    sum(answeredTokens.get(engine)),
                    sum(cachedPromptTokens.get(engine)),
                    sum(steps.get(engine)),
                    deferred.getOrDefault(engine, 0.0)));
        }
        List<String> models = models(page);
        OptionalDouble start = processStart(page);
        CacheConfig cache = CacheConfigReader.read(samples(page, VllmMetrics.CACHE_CONFIG), this::leaveOut);
        Latencies latencies = latencies(page);
        return new VllmPage.Found(
                new EngineSnapshot(ranks, models, start, cache, sleep(page), latencies, server(page), leftOut));
    }

    private ServerState server(MetricPage page) {
        return new ServerState(
                whole(page, VllmMetrics.WEIGHT_UPDATES, Range.REQUESTS),
                whole(page, VllmMetrics.REJECTIONS, Range.COUNT),
                whole(page, VllmMetrics.WEB_SOCKETS, Range.REQUESTS),
                whole(page, VllmMetrics.KV_PINNED, Range.REQUESTS),
                whole(page, VllmMetrics.SLEEP_OPERATIONS, Range.REQUESTS));
    }

    /** The sum over all of a family's series; one that cannot be is left out. */
    private OptionalDouble whole(MetricPage page, Family family, Range range) {
        double sum = 0;
        boolean isKnown = false;
        for (Sample sample : samples(page, family)) {
            if (range.has(sample.value()) && range.has(sum + sample.value())) {
                sum += sample.value();
                isKnown = true;
            } else {
                leaveOut(range.refusal(sample.series().name(), sample.value()));
            }
        }
        return isKnown ? OptionalDouble.of(sum) : OptionalDouble.empty();
    }

    private void refuse(String why) {
        impossible = impossible.or(() -> Optional.of(why));
    }

    private void leaveOut(String why) {
        leftOut = leftOut.or(() -> Optional.of(why));
    }

    /** Sum and maximum of a family over everything but the engine label. */
    private Map<String, Total> byEngine(MetricPage page, Family family, Range range) {
        Map<String, Total> values = LinkedHashMap.newLinkedHashMap(2);
        for (Sample sample : samples(page, family)) {
            if (!range.has(sample.value())) {
                refuse(range.refusal(sample.series().name(), sample.value()));
                return Map.of();
            }
            add(values, sample);
        }
        for (Total total : values.values()) {
            if (!range.has(total.sum())) {
                refuse(range.refusal("the sum of " + family.spellings().getFirst(), total.sum()));
            }
        }
        return values;
    }

    /** The same of shares; one that cannot be counts as not said. */
    private Map<String, Total> shares(MetricPage page, Family family) {
        Map<String, Total> values = LinkedHashMap.newLinkedHashMap(2);
        for (Sample sample : samples(page, family)) {
            if (Range.SHARE.has(sample.value())) {
                add(values, sample);
            } else if (!Double.isNaN(sample.value())) {
                leaveOut(Range.SHARE.refusal(sample.series().name(), sample.value()));
            }
        }
        return values;
    }

    /** By engine, the requests that wait for a transfer, a budget of adapters or the like. */
    private static Map<String, Double> deferred(MetricPage page) {
        Map<String, Double> values = LinkedHashMap.newLinkedHashMap(2);
        for (Sample sample : samples(page, VllmMetrics.WAITING_BY_REASON)) {
            if (sample.series().label("reason").equals("deferred") && sample.value() > 0) {
                values.merge(engineOf(sample), sample.value(), Double::sum);
            }
        }
        return values;
    }

    private static void add(Map<String, Total> values, Sample sample) {
        values.merge(engineOf(sample), new Total(sample.value(), sample.value()), Total::with);
    }

    private static String engineOf(Sample sample) {
        String engine = sample.series().label("engine");
        return engine.isEmpty() ? ONLY_ENGINE : engine;
    }

    /** The samples under the first spelling that has any: where two names stand side by side they count the same. */
    private static List<Sample> samples(MetricPage page, Family family) {
        for (String spelling : family.spellings()) {
            List<Sample> samples = page.samples(spelling);
            if (!samples.isEmpty()) {
                return samples;
            }
        }
        return List.of();
    }

    /**
     * A page of a server that served nobody yet: a multi-process one declares the gauges and gives them no sample until the first
     * request, its counters at 0; the old engine of 0.8 says no more than how its cache is configured.
     */
    private static boolean isFresh(MetricPage page, Map<String, Total> generationTokens) {
        return samples(page, VllmMetrics.RUNNING).isEmpty()
                && (declares(page, VllmMetrics.RUNNING) || saysOnlyItsConfiguration(page))
                && !anyAboveZero(generationTokens);
    }

    private static boolean saysOnlyItsConfiguration(MetricPage page) {
        return !samples(page, VllmMetrics.CACHE_CONFIG).isEmpty()
                && samples(page, VllmMetrics.WAITING).isEmpty()
                && samples(page, VllmMetrics.KV_CACHE_USE).isEmpty()
                && samples(page, VllmMetrics.PROMPT_TOKENS).isEmpty()
                && samples(page, VllmMetrics.GENERATION_TOKENS).isEmpty();
    }

    private static boolean declares(MetricPage page, Family family) {
        return family.spellings().stream().anyMatch(page::declares);
    }

    private static boolean anyAboveZero(Map<String, Total> counters) {
        return counters.values().stream().anyMatch(total -> total.sum() > 0);
    }

    private static OptionalDouble sum(Total total) {
        return total == null ? OptionalDouble.empty() : OptionalDouble.of(total.sum());
    }

    private static OptionalDouble max(Total total) {
        return total == null ? OptionalDouble.empty() : OptionalDouble.of(total.max());
    }

    private static List<String> models(MetricPage page) {
        List<String> models = new ArrayList<>(1);
        for (Sample sample : samples(page, VllmMetrics.RUNNING)) {
            String model = sample.series().label("model_name");
            if (models.size() < MOST_MODELS
                    && !model.isEmpty()
                    && model.length() <= LONGEST_NAME
                    && !models.contains(model)) {
                models.add(model);
            }
        }
        return models;
    }

    private OptionalDouble processStart(MetricPage page) {
        List<Sample> samples = page.samples(VllmMetrics.PROCESS_START);
        if (samples.isEmpty()) {
            return OptionalDouble.empty();
        }
        double start = samples.getFirst().value();
        if (!Range.UNIX_SECONDS.has(start)) {
            leaveOut(Range.UNIX_SECONDS.refusal(VllmMetrics.PROCESS_START, start));
        }
        return Range.UNIX_SECONDS.of(start);
    }

    /** One-hot, except for level 0 sleep, which sets all three to zero: asleep is whatever is not awake. */
    private static Sleep sleep(MetricPage page) {
        Sleep seen = Sleep.UNKNOWN;
        for (Sample sample : samples(page, VllmMetrics.SLEEP_STATE)) {
            if ("awake".equals(sample.series().label("sleep_state"))) {
                if (sample.value() == 0) {
                    return Sleep.ASLEEP;
                }
                seen = Sleep.AWAKE;
            }
        }
        return seen;
    }

    private Latencies latencies(MetricPage page) {
        Latencies latencies =
                new Latencies(histogram(page, VllmMetrics.FIRST_TOKEN), histogram(page, VllmMetrics.INTER_TOKEN));
        return latencies.isEmpty() ? Latencies.NONE : latencies;
    }

    private Optional<Histogram> histogram(MetricPage page, List<HistogramName> spellings) {
        for (HistogramName spelling : spellings) {
            List<Sample> buckets = page.samples(spelling.buckets());
            if (!buckets.isEmpty()) {
                Optional<Histogram> histogram = HistogramReader.read(page, spelling, buckets);
                if (histogram.isEmpty()) {
                    leaveOut("the histogram " + spelling.name() + " has a bucket, a sum or a count that cannot be");
                }
                return histogram;
            }
        }
        return Optional.empty();
    }
}
