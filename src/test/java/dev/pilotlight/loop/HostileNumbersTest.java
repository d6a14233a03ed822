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
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.hostile.Mutations;
import dev.pilotlight.hostile.SteadyEngine;
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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pages that say what cannot be, through the reader of pages and the whole tick. */
class HostileNumbersTest {
    private static final long BEGAN = World.START.getEpochSecond() - 10_000;
    /** Four times the longest memory of the meter, that of its costs, which fades by e in 15 minutes. */
    private static final int FORGOTTEN_SECONDS = 3600;

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

    private static String page(Map<String, Double> values) {
        return SteadyEngine.page(values);
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
            SteadyEngine engine = new SteadyEngine(seed, BEGAN);
            Sidecar disturbed = new Sidecar();
            Sidecar twin = new Sidecar();
            Instant now = World.START;
            for (int second = 0; second < 600 + FORGOTTEN_SECONDS; second++) {
                now = now.plusSeconds(1);
                Map<String, Double> values = engine.second();
                boolean isHostile = second > 120 && second < 600 && chance.nextInt(3) == 0;
                String page = isHostile ? Mutations.page(page(values), chance) : page(values);
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
            for (String name : new SteadyEngine(0, BEGAN).second().keySet()) {
                if (name.contains("process_start") || name.contains("_info") || name.contains("_seconds_")) {
                    continue;
                }
                SteadyEngine engine = new SteadyEngine(7, BEGAN);
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
            String page = page(new SteadyEngine(1, BEGAN).second());
            sidecar.read(page.replaceAll("(?m)^(vllm:num_requests_running.*) .*$", "$1 +Inf"), World.START);
            assertThat(sidecar.picture.whyNoSignals(World.START))
                    .isEqualTo("vllm:num_requests_running is +Inf, which cannot be: requests from 0 to 1000000");
        }

        @Test
        void isLeftOutAndSaidWhereTheRestStandsWithoutIt() {
            Sidecar sidecar = new Sidecar();
            String page = page(new SteadyEngine(1, BEGAN).second());
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
            assertThat(sidecar.picture.whyNoSignals(World.START)).contains("3000 engines", "256 at most");
        }
    }
}
