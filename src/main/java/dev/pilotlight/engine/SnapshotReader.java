package dev.pilotlight.engine;

import dev.pilotlight.engine.VllmMetrics.Family;
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
import java.util.TreeMap;

/**
 * From the samples of a page to the engine's state: names, ranks and models brought together. A gauge or counter of a rank that cannot be
 * makes the whole page one that says nothing, since what was computed from it could not be taken back; what else cannot be is left out.
 */
final class SnapshotReader {
    /** More data-parallel ranks than any deployment has behind one page. */
    private static final int MOST_RANKS = 256;

    private static final int MOST_MODELS = 64;
    private static final int MOST_BUCKETS = 256;
    private static final int LONGEST_NAME = 256;

    private static final int SUM = 0;
    private static final int MAX = 1;
    /** The engine of a page whose version has no such label. */
    private static final String ONLY_ENGINE = "0";

    /** What keeps the page from being believed, the first of it. */
    private Optional<String> impossible = Optional.empty();

    /** What was left out, the first of it. */
    private Optional<String> leftOut = Optional.empty();

    private SnapshotReader() {}

    static VllmPage read(MetricPage page) {
        SnapshotReader reader = new SnapshotReader();
        VllmPage meaning = reader.meaning(page);
        return reader.impossible.<VllmPage>map(VllmPage.Impossible::new).orElse(meaning);
    }

    private VllmPage meaning(MetricPage page) {
        Map<String, double[]> running = byEngine(page, VllmMetrics.RUNNING, Range.REQUESTS);
        Map<String, double[]> waiting = byEngine(page, VllmMetrics.WAITING, Range.REQUESTS);
        Map<String, double[]> kvCacheUse = shares(page, VllmMetrics.KV_CACHE_USE);
        Map<String, double[]> promptTokens = byEngine(page, VllmMetrics.PROMPT_TOKENS, Range.COUNT);
        Map<String, double[]> generationTokens = byEngine(page, VllmMetrics.GENERATION_TOKENS, Range.COUNT);
        Map<String, double[]> successes = byEngine(page, VllmMetrics.SUCCESSES, Range.COUNT);
        Map<String, double[]> preemptions = byEngine(page, VllmMetrics.PREEMPTIONS, Range.COUNT);
        Map<String, double[]> answeredTokens = byEngine(page, VllmMetrics.ANSWERED_TOKENS, Range.COUNT);
        Map<String, double[]> cachedPromptTokens = byEngine(page, VllmMetrics.CACHED_PROMPT_TOKENS, Range.COUNT);
        Map<String, double[]> steps = byEngine(page, VllmMetrics.STEPS, Range.COUNT);

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
            refuse("the page has %d engines, which cannot be: %d at most".formatted(engines.size(), MOST_RANKS));
            return new VllmPage.Missing(VllmMetrics.RUNNING.spellings());
        }
        List<Rank> ranks = new ArrayList<>(engines.size());
        for (String engine : engines) {
            ranks.add(new Rank(
                    engine,
                    value(running.get(engine), SUM).orElse(0),
                    value(waiting.get(engine), SUM).orElse(0),
                    value(kvCacheUse.get(engine), MAX),
                    value(promptTokens.get(engine), SUM),
                    value(generationTokens.get(engine), SUM),
                    value(successes.get(engine), SUM),
                    value(preemptions.get(engine), SUM),
                    value(answeredTokens.get(engine), SUM),
                    value(cachedPromptTokens.get(engine), SUM),
                    value(steps.get(engine), SUM),
                    deferred.getOrDefault(engine, 0.0)));
        }
        List<String> models = models(page);
        OptionalDouble start = processStart(page);
        CacheConfig cache = cacheConfig(page);
        Latencies latencies = latencies(page);
        return new VllmPage.Found(
                new EngineSnapshot(ranks, models, start, cache, sleep(page), latencies, server(page), leftOut));
    }

    private ServerState server(MetricPage page) {
        return new ServerState(
                whole(page, VllmMetrics.WEIGHT_UPDATES, Range.REQUESTS),
                whole(page, VllmMetrics.REJECTIONS, Range.COUNT),
                whole(page, VllmMetrics.WEB_SOCKETS, Range.REQUESTS),
                whole(page, VllmMetrics.KV_PINNED, Range.REQUESTS));
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
    private Map<String, double[]> byEngine(MetricPage page, Family family, Range range) {
        Map<String, double[]> values = LinkedHashMap.newLinkedHashMap(2);
        for (Sample sample : samples(page, family)) {
            if (!range.has(sample.value())) {
                refuse(range.refusal(sample.series().name(), sample.value()));
                return Map.of();
            }
            add(values, sample);
        }
        for (double[] entry : values.values()) {
            if (!range.has(entry[SUM])) {
                refuse(range.refusal("the sum of " + family.spellings().getFirst(), entry[SUM]));
            }
        }
        return values;
    }

    /** The same of shares; one that cannot be counts as not said. */
    private Map<String, double[]> shares(MetricPage page, Family family) {
        Map<String, double[]> values = LinkedHashMap.newLinkedHashMap(2);
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

    private static void add(Map<String, double[]> values, Sample sample) {
        double[] entry = values.computeIfAbsent(engineOf(sample), _ -> new double[] {0, Double.NEGATIVE_INFINITY});
        entry[SUM] += sample.value();
        entry[MAX] = Math.max(entry[MAX], sample.value());
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
    private static boolean isFresh(MetricPage page, Map<String, double[]> generationTokens) {
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

    private static boolean anyAboveZero(Map<String, double[]> counters) {
        return counters.values().stream().anyMatch(sum -> sum[SUM] > 0);
    }

    private static OptionalDouble value(double[] entry, int which) {
        return entry == null ? OptionalDouble.empty() : OptionalDouble.of(entry[which]);
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

    /** Everything is in the labels; ranks add up. The number of blocks may be the word None. */
    private CacheConfig cacheConfig(MetricPage page) {
        double tokens = 0;
        double concurrency = 0;
        boolean tokensKnown = false;
        boolean concurrencyKnown = false;
        for (Sample sample : samples(page, VllmMetrics.CACHE_CONFIG)) {
            OptionalDouble size = number(sample.series().label("kv_cache_size_tokens"));
            if (size.isEmpty()) {
                OptionalDouble blocks = number(sample.series().label("num_gpu_blocks"));
                OptionalDouble perBlock = number(sample.series().label("block_size"));
                size = blocks.isPresent() && perBlock.isPresent()
                        ? OptionalDouble.of(blocks.getAsDouble() * perBlock.getAsDouble())
                        : OptionalDouble.empty();
            }
            OptionalDouble most = number(sample.series().label("kv_cache_max_concurrency"));
            tokensKnown |= size.isPresent();
            concurrencyKnown |= most.isPresent();
            tokens += size.orElse(0);
            concurrency += most.orElse(0);
        }
        return new CacheConfig(
                tokensKnown ? kept("kv_cache_size_tokens", tokens) : OptionalDouble.empty(),
                concurrencyKnown ? kept("kv_cache_max_concurrency", concurrency) : OptionalDouble.empty());
    }

    private OptionalDouble kept(String label, double sum) {
        if (!Range.TOKENS.has(sum)) {
            leaveOut(Range.TOKENS.refusal(VllmMetrics.CACHE_CONFIG.spellings().getFirst() + " " + label, sum));
        }
        return Range.TOKENS.of(sum);
    }

    private static OptionalDouble number(String label) {
        if (label.isEmpty() || "None".equals(label)) {
            return OptionalDouble.empty();
        }
        try {
            double value = Double.parseDouble(label);
            return value > 0 && Double.isFinite(value) ? OptionalDouble.of(value) : OptionalDouble.empty();
        } catch (NumberFormatException notANumber) {
            return OptionalDouble.empty();
        }
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
        Latencies latencies = new Latencies(
                histogram(page, VllmMetrics.FIRST_TOKEN),
                histogram(page, VllmMetrics.INTER_TOKEN),
                histogram(page, VllmMetrics.END_TO_END),
                histogram(page, VllmMetrics.QUEUE_TIME));
        return latencies.isEmpty() ? Latencies.NONE : latencies;
    }

    private Optional<Histogram> histogram(MetricPage page, Family family) {
        for (String spelling : family.spellings()) {
            List<Sample> buckets = page.samples(spelling + "_bucket");
            if (!buckets.isEmpty()) {
                Optional<Histogram> histogram = histogram(page, spelling, buckets);
                if (histogram.isEmpty()) {
                    leaveOut("the histogram " + spelling + " has a bucket, a sum or a count that cannot be");
                }
                return histogram;
            }
        }
        return Optional.empty();
    }

    /** Empty where anything of it cannot be: a histogram without one of its buckets is another one. */
    private static Optional<Histogram> histogram(MetricPage page, String name, List<Sample> buckets) {
        TreeMap<Double, Double> byBound = new TreeMap<>();
        for (Sample sample : buckets) {
            OptionalDouble bound = bound(sample.series().label("le"));
            if (bound.isEmpty() || !Range.COUNT.has(sample.value())) {
                return Optional.empty();
            }
            byBound.merge(bound.getAsDouble(), sample.value(), Double::sum);
        }
        OptionalDouble sum = sum(page.samples(name + "_sum"));
        OptionalDouble count = sum(page.samples(name + "_count"));
        if (byBound.size() > MOST_BUCKETS || sum.isEmpty() || count.isEmpty()) {
            return Optional.empty();
        }
        double[] bounds = new double[byBound.size()];
        double[] cumulative = new double[byBound.size()];
        int i = 0;
        for (Map.Entry<Double, Double> bucket : byBound.entrySet()) {
            bounds[i] = bucket.getKey();
            cumulative[i] = bucket.getValue();
            if (!Range.COUNT.has(cumulative[i]) || i > 0 && cumulative[i] < cumulative[i - 1]) {
                return Optional.empty();
            }
            i++;
        }
        return Optional.of(new Histogram(bounds, cumulative, sum.getAsDouble(), count.getAsDouble()));
    }

    private static OptionalDouble bound(String le) {
        if ("+Inf".equals(le)) {
            return OptionalDouble.of(Double.POSITIVE_INFINITY);
        }
        try {
            return Range.BUCKET.of(Double.parseDouble(le));
        } catch (NumberFormatException notANumber) {
            return OptionalDouble.empty();
        }
    }

    private static OptionalDouble sum(List<Sample> samples) {
        double sum = 0;
        for (Sample sample : samples) {
            sum += sample.value();
        }
        return Range.COUNT.of(sum);
    }
}
