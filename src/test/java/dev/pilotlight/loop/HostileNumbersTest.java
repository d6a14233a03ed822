package dev.pilotlight.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pilotlight.cluster.ClusterView;
import dev.pilotlight.drain.Refusals;
import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.HealthAnswer;
import dev.pilotlight.engine.Model;
import dev.pilotlight.engine.VllmMetrics;
import dev.pilotlight.engine.VllmPage;
import dev.pilotlight.gpu.GpuReading;
import dev.pilotlight.metrics.MetricCatalog;
import dev.pilotlight.prometheus.Limits;
import dev.pilotlight.prometheus.PageReading;
import dev.pilotlight.prometheus.PrometheusText;
import dev.pilotlight.prometheus.Wanted;
import dev.pilotlight.signal.OwnTraffic;
import dev.pilotlight.signal.Signals;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pages that say what cannot be, through the reader of pages and the whole tick. */
class HostileNumbersTest {
    private static final long BEGAN = World.START.getEpochSecond() - 10_000;
    /** Four times the longest memory of the meter, that of its costs, which fades by e in 15 minutes. */
    private static final int FORGOTTEN_SECONDS = 3600;

    private static final List<String> VALUES = List.of(
            "NaN",
            "+Inf",
            "-Inf",
            "1e309",
            "-1e309",
            "1e308",
            "-1e308",
            "1.7976931348623157e308",
            "4.9e-324",
            "-1",
            "-0.0",
            "0",
            "1e15",
            "1e16",
            "9007199254740993",
            "9223372036854775807",
            "18446744073709551615",
            "4294967295",
            "2147483648",
            "1e100",
            "nonsense",
            "");

    /** A steady engine: requests of 120 tokens that take 4 s, come by chance, and fill a third of the batch. */
    private static final class Steady {
        private final Random chance;
        private final List<Integer> left = new ArrayList<>();
        private double successes = 5_000;
        private double generated = 600_000;
        private double prompt = 1_000_000;
        private double steps = 40_000;

        Steady(long seed) {
            chance = new Random(seed);
        }

        Map<String, Double> second() {
            int came = (chance.nextDouble() < 0.7 ? 1 : 0) + (chance.nextDouble() < 0.1 ? 1 : 0);
            int before = left.size();
            left.replaceAll(seconds -> seconds - 1);
            left.removeIf(seconds -> seconds <= 0);
            successes += before - left.size();
            for (int i = 0; i < came; i++) {
                left.add(4);
                prompt += 200;
            }
            generated += left.size() * 30;
            steps += left.isEmpty() ? 0 : 30;
            Map<String, Double> values = new TreeMap<>();
            values.put("vllm:num_requests_running{engine=\"0\",model_name=\"m\"}", (double) left.size());
            values.put("vllm:num_requests_waiting{engine=\"0\",model_name=\"m\"}", 0.0);
            values.put("vllm:kv_cache_usage_perc{engine=\"0\",model_name=\"m\"}", left.size() * 0.02);
            values.put("vllm:prompt_tokens_total{engine=\"0\",model_name=\"m\"}", prompt);
            values.put("vllm:generation_tokens_total{engine=\"0\",model_name=\"m\"}", generated);
            values.put("vllm:request_generation_tokens_sum{engine=\"0\",model_name=\"m\"}", successes * 120);
            values.put("vllm:request_success_total{engine=\"0\",finished_reason=\"stop\",model_name=\"m\"}", successes);
            values.put("vllm:num_preemptions_total{engine=\"0\",model_name=\"m\"}", 0.0);
            values.put("vllm:prefix_cache_hits_total{engine=\"0\",model_name=\"m\"}", 1000.0);
            values.put("vllm:iteration_tokens_total_count{engine=\"0\",model_name=\"m\"}", steps);
            values.put("process_start_time_seconds", (double) BEGAN);
            values.put("vllm:cache_config_info{block_size=\"16\",num_gpu_blocks=\"4096\"}", 1.0);
            for (String histogram : List.of("time_to_first_token_seconds", "inter_token_latency_seconds")) {
                String name = "vllm:" + histogram;
                values.put(name + "_bucket{engine=\"0\",le=\"0.05\",model_name=\"m\"}", successes / 2);
                values.put(name + "_bucket{engine=\"0\",le=\"0.1\",model_name=\"m\"}", successes);
                values.put(name + "_bucket{engine=\"0\",le=\"+Inf\",model_name=\"m\"}", successes);
                values.put(name + "_sum{engine=\"0\",model_name=\"m\"}", successes * 0.05);
                values.put(name + "_count{engine=\"0\",model_name=\"m\"}", successes);
            }
            return values;
        }
    }

    private static String page(Map<String, Double> values) {
        return values.entrySet().stream()
                .map(line -> line.getKey() + " " + line.getValue())
                .collect(Collectors.joining("\n", "", "\n"));
    }

    /** One to three lines of the page with another value, doubled, shifted, gone, or with a timestamp that cannot be. */
    private static String hostile(Map<String, Double> values, Random chance) {
        List<String> lines = new ArrayList<>(page(values).lines().toList());
        for (int i = chance.nextInt(3); i >= 0; i--) {
            int at = chance.nextInt(lines.size());
            String line = lines.get(at);
            int blank = line.lastIndexOf(' ');
            if (blank < 0) {
                continue;
            }
            double value = number(line.substring(blank + 1));
            String name = line.substring(0, blank);
            lines.set(
                    at,
                    switch (chance.nextInt(8)) {
                        case 0 -> name + " " + value * 1000;
                        case 1 -> name + " " + (value + 1e12);
                        case 2 -> name + " " + value / 2;
                        case 3 -> line + "\n" + name.replace("engine=\"0\"", "engine=\"1\"") + " 1e308";
                        case 4 -> name + " " + value + " " + VALUES.get(chance.nextInt(VALUES.size()));
                        case 5 -> "";
                        default -> name + " " + VALUES.get(chance.nextInt(VALUES.size()));
                    });
        }
        return String.join("\n", lines) + "\n";
    }

    private static double number(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException none) {
            return 0;
        }
    }

    /** The product's tick, fed with pages. */
    private static final class Sidecar {
        private final Tick tick = new Tick(World.policy(World.LIVENESS, World.WARM_UP));
        private final PrometheusText text = new PrometheusText(Wanted.of(VllmMetrics.wanted()), Limits.DEFAULT);
        private Memory memory = Memory.begin(World.START);
        private Picture picture;

        void read(String page, Instant now) {
            turn(reading(page, now), now);
        }

        void turn(EngineReading reading, Instant now) {
            Turn turn = tick.advance(
                    memory,
                    new Observation(
                            new Polled<>(reading, Duration.ofMillis(3)),
                            new Polled<>(new GpuReading.Absent(World.START, "there is none"), Duration.ZERO),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            new OwnTraffic(0, 0),
                            Optional.empty(),
                            ClusterView.NONE),
                    now);
            memory = turn.memory();
            picture = turn.picture();
        }

        private EngineReading reading(String page, Instant now) {
            Optional<Model> model = Optional.of(new Model("m", OptionalInt.empty()));
            HealthAnswer sound = new HealthAnswer.Healthy();
            return switch (text.read(page.getBytes(StandardCharsets.UTF_8))) {
                case PageReading.Refused(String why) ->
                    new EngineReading.Unreadable(now, sound, model, Pause.UNKNOWN, why);
                case PageReading.Read read ->
                    switch (VllmPage.read(read.page())) {
                        case VllmPage.Found(EngineSnapshot snapshot) ->
                            new EngineReading.Answered(
                                    now, snapshot, sound, model, "", OptionalDouble.empty(), Pause.UNKNOWN, "whole");
                        case VllmPage.Missing(List<String> tried) ->
                            new EngineReading.Unreadable(now, sound, model, Pause.UNKNOWN, "none of " + tried);
                        case VllmPage.Impossible(String why) ->
                            new EngineReading.Unreadable(now, sound, model, Pause.UNKNOWN, why);
                    };
            };
        }

        double load() {
            return picture.signals()
                    .map(Signals::load)
                    .orElse(OptionalDouble.empty())
                    .orElse(Double.NaN);
        }
    }

    private static void publishesOnlyNumbers(Picture picture, Instant now, String page) {
        for (MetricCatalog.Point point : MetricCatalog.points(picture, Refusals.NONE, now)) {
            assertThat(point.value()).as(() -> point + " after\n" + page).isFinite();
        }
        picture.signals().ifPresent(signals -> {
            assertThat(signals.load().orElse(0)).as(() -> page).isFinite().isNotNegative();
            assertThat(signals.forecast().orElse(0)).as(() -> page).isFinite();
        });
    }

    @Nested
    class AStormOfThem {
        @ParameterizedTest
        @ValueSource(ints = {4, 8, 13, 14, 15, 16, 17, 18})
        void publishesNumbersThroughoutAndIsForgotten(int seed) {
            Random chance = new Random(seed);
            Steady engine = new Steady(seed);
            Sidecar disturbed = new Sidecar();
            Sidecar twin = new Sidecar();
            Instant now = World.START;
            for (int second = 0; second < 600 + FORGOTTEN_SECONDS; second++) {
                now = now.plusSeconds(1);
                Map<String, Double> values = engine.second();
                boolean isHostile = second > 120 && second < 600 && chance.nextInt(3) == 0;
                String page = isHostile ? hostile(values, chance) : page(values);
                disturbed.read(page, now);
                twin.read(page(values), now);
                if (second > 650) {
                    continue;
                }
                publishesOnlyNumbers(disturbed.picture, now, "seed " + seed + "\n" + page);
            }
            assertThat(disturbed.picture.phase().word()).isEqualTo("ready");
            assertThat(disturbed.load()).as("seed " + seed).isCloseTo(twin.load(), within(0.02 + 0.1 * twin.load()));
        }
    }

    @Nested
    class OneImpossibleNumber {
        /** As if that poll had not been answered: nothing of it is kept at all. */
        @ParameterizedTest
        @ValueSource(strings = {"NaN", "+Inf", "-Inf", "1e309", "-5", "1e308", "1e18"})
        void isForgottenByTheNextGoodPage(String value) {
            for (String name : new Steady(0).second().keySet()) {
                if (name.contains("process_start") || name.contains("_info") || name.contains("_seconds_")) {
                    continue;
                }
                Steady engine = new Steady(7);
                Sidecar disturbed = new Sidecar();
                Sidecar twin = new Sidecar();
                Instant now = World.START;
                for (int second = 0; second < 200; second++) {
                    now = now.plusSeconds(1);
                    Map<String, Double> values = engine.second();
                    String page = page(values);
                    if (second == 100) {
                        String bad = page.replace(name + " " + values.get(name), name + " " + value);
                        disturbed.read(bad, now);
                        if (!name.contains("kv_cache")) {
                            assertThat(disturbed.picture.engine().latest())
                                    .as(name)
                                    .isInstanceOf(EngineReading.Unreadable.class);
                        }
                        twin.turn(
                                new EngineReading.Unreadable(
                                        now,
                                        new HealthAnswer.Healthy(),
                                        Optional.of(new Model("m", OptionalInt.empty())),
                                        Pause.UNKNOWN,
                                        "nothing"),
                                now);
                    } else {
                        disturbed.read(page, now);
                        twin.read(page, now);
                    }
                }
                assertThat(disturbed.load())
                        .as("%s %s", name, value)
                        .isCloseTo(twin.load(), within(name.contains("kv_cache") ? 0.02 : 1e-12));
            }
        }

        @Test
        void isSaidWithItsNameAndWhatCouldBe() {
            Sidecar sidecar = new Sidecar();
            String page = page(new Steady(1).second());
            sidecar.read(page.replaceAll("(?m)^(vllm:num_requests_running.*) .*$", "$1 +Inf"), World.START);
            assertThat(sidecar.picture.whyNoSignals())
                    .isEqualTo("vllm:num_requests_running is +Inf, which cannot be: requests from 0 to 1000000");
        }

        @Test
        void isLeftOutAndSaidWhereTheRestStandsWithoutIt() {
            Sidecar sidecar = new Sidecar();
            String page = page(new Steady(1).second());
            sidecar.read(page.replaceAll("(?m)^(vllm:kv_cache_usage_perc.*) .*$", "$1 +Inf"), World.START);
            assertThat(sidecar.picture.freshNumbers(World.START).orElseThrow().snapshot())
                    .satisfies(snapshot -> assertThat(snapshot.kvCacheUse()).isEmpty())
                    .satisfies(snapshot -> assertThat(snapshot.leftOut())
                            .hasValue("vllm:kv_cache_usage_perc is +Inf, which cannot be: a share from 0 to "
                                    + String.format(Locale.ROOT, "%.2f", 1.01)));
        }
    }

    @Nested
    class MoreEnginesThanThereCanBe {
        @Test
        void areRefusedWithTheirNumber() {
            StringBuilder page = new StringBuilder();
            for (int i = 0; i < 3000; i++) {
                page.append("vllm:num_requests_running{engine=\"%d\"} 1\nvllm:num_requests_waiting{engine=\"%d\"} 0\n"
                        .formatted(i, i));
            }
            Sidecar sidecar = new Sidecar();
            sidecar.read(page.toString(), World.START);
            assertThat(sidecar.picture.whyNoSignals()).contains("3000 engines", "256 at most");
        }
    }
}
