package dev.pilotlight.replay;

import dev.pilotlight.simulator.ColdKernels;
import dev.pilotlight.simulator.Profile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The scenarios of the bench. */
final class Scenarios {
    /** FP8 8B on a 24 GB card, whose first prefills of a start wait for their kernels. */
    static final Profile SMALL = Profile.LLAMA_8B_FP8_24GB.withColdKernels(ColdKernels.of(10, 1));

    private static final Profile LARGE = Profile.LLAMA_8B_80GB.withColdKernels(ColdKernels.of(10, 1));

    private static final double HOUR = 3600;

    private Scenarios() {}

    private interface Making {
        Scenario of(String name, Recorded recorded);
    }

    /** The public traces, or what stands in for them. Each seed but the first begins elsewhere in them. */
    private record Recorded(Path traces, long seed) {
        private static final double GOLDEN = 0.618034;

        Arrivals conversation() {
            return turned(Scenarios.conversation(traces));
        }

        Arrivals longPrompts() {
            Path file = traces.resolve("mooncake_synthetic_trace.jsonl");
            return turned(
                    Files.exists(file)
                            ? TraceFile.read(file)
                            : Generators.poisson(7, 3.9, 1022, 15_000, 150).named("long prompts stand-in"));
        }

        private Arrivals turned(Arrivals trace) {
            return seed == 1 ? trace : trace.beginningAt((seed - 1) * GOLDEN % 1);
        }
    }

    /**
     * Those that the policies and formulas were chosen on; the others in {@link #HELD_OUT} were looked at only afterwards. A change
     * of a formula or of a policy must not look at these.
     */
    private static final Map<String, Making> TUNING = new LinkedHashMap<>();

    private static final Map<String, Making> HELD_OUT = new LinkedHashMap<>();

    static {
        // A day in four hours, two bursts: the scenario that the numbers in docs/scaling-measurements.md come from.
        TUNING.put(
                "reference",
                shaped(Shape.skewedDay(1.4, 5.6, 4 * HOUR)
                        .burst(0.9 * HOUR, 600, 60, 1.6)
                        .burst(2.75 * HOUR, 600, 60, 1.6)));
        TUNING.put(
                "steps",
                shaped(Shape.constant(2)
                        .step(0.5 * HOUR, 1.5)
                        .step(1.25 * HOUR, 1.5)
                        .step(2 * HOUR, 0.5)
                        .step(2.75 * HOUR, 1.8)
                        .step(3.5 * HOUR, 0.5)));
        TUNING.put("ramps", shaped(Shape.ramp(1.5, 6, 0.25 * HOUR, 1.5 * HOUR).step(2.5 * HOUR, 0.4)));
        TUNING.put(
                "bursts",
                shaped(Shape.constant(2.2)
                        .burst(0.5 * HOUR, 300, 10, 1.8)
                        .burst(1.5 * HOUR, 600, 30, 2.2)
                        .burst(2.5 * HOUR, 900, 120, 2.0)));
        // Unpredictable: what the forecast must not buy pods for.
        TUNING.put("random walk", shaped(Shape.wandering(2.6, 0.08, 4 * HOUR, 5)));
        HELD_OUT.put("long day", shaped(Shape.skewedDay(1, 6.2, 8 * HOUR).burst(5.5 * HOUR, 1200, 200, 1.3), 8 * HOUR));
        HELD_OUT.put("week", shaped(Shape.week(1.2, 5.5, 1.5 * HOUR), 10.5 * HOUR));
        HELD_OUT.put(
                "flash crowd",
                shaped(Shape.constant(2.4).burst(1.1 * HOUR, 1500, 5, 2.8).burst(3 * HOUR, 240, 5, 2.5)));
        HELD_OUT.put("mix shift", (name, recorded) -> {
            Shape steady = Shape.day(2, 4.4, 4 * HOUR);
            Arrivals before = Generators.shaped(recorded.conversation(), steady, 4 * HOUR, "conversation");
            Arrivals after = Generators.poisson(5, 5, 4 * HOUR, 4500, 120);
            return scenario(
                    name, Generators.mixShift(before, after, HOUR, 3 * HOUR, 6, "conversation, then long prompts"), 2);
        });
        HELD_OUT.put("mooncake", (name, recorded) -> {
            Arrivals trace = recorded.longPrompts();
            return longPrompts(
                    name,
                    Generators.shaped(trace, Shape.day(0.4, 1.4, 4 * HOUR), 4 * HOUR, trace.name() + " over 4 h"));
        });
        // Minutes that swing from nothing to ten times the mean: agents and batches of documents, that nobody can
        // foresee.
        HELD_OUT.put(
                "stop and go",
                (name, recorded) -> longPrompts(name, Generators.stopAndGo(recorded.seed(), 2, 4 * HOUR, 8_000, 60)));
        HELD_OUT.put(
                "long context",
                (name, recorded) -> longPrompts(
                        name,
                        Generators.poisson(recorded.seed(), 4, 4 * HOUR, 15_000, 250)
                                .named("steady long context")));
    }

    /** What to say first where the recorded traces are not at hand. */
    static Optional<String> standIns(Options options) {
        return options.trace().isPresent() || Files.exists(options.traces().resolve(CONVERSATION))
                ? Optional.empty()
                : Optional.of(
                        "no recorded trace in %s: a built-in one stands in, with the lengths and the rate of %s (https://github.com/Azure/AzurePublicDataset)"
                                .formatted(options.traces(), CONVERSATION));
    }

    private static final String CONVERSATION = "AzureLLMInferenceTrace_conv.csv";

    /** Long prompts on the large card, whose first token may take ten seconds. */
    private static Scenario longPrompts(String name, Arrivals arrivals) {
        return new Scenario(
                name,
                arrivals,
                LARGE,
                2,
                14,
                2,
                Lives.SIX_MINUTES,
                Router.LEAST_IN_FLIGHT,
                15,
                2,
                10,
                600,
                Map.of(
                        "pilotlight.signal.ttft-slo", "10s",
                        "pilotlight.engine.max-num-seqs", "256",
                        "pilotlight.signal.forecast-horizon", "6m"),
                1);
    }

    private static Making shaped(Shape shape) {
        return shaped(shape, 4 * HOUR);
    }

    private static Making shaped(Shape shape, double seconds) {
        return (name, recorded) -> {
            Arrivals trace = recorded.conversation();
            return scenario(name, Generators.shaped(trace, shape, seconds, trace.name()), 2);
        };
    }

    static List<String> names() {
        return Stream.concat(TUNING.keySet().stream(), HELD_OUT.keySet().stream())
                .toList();
    }

    static boolean isHeldOut(String name) {
        return HELD_OUT.containsKey(name);
    }

    static Scenario named(String name, Path traces, long seed) {
        Making making = TUNING.getOrDefault(name, HELD_OUT.get(name));
        if (making == null) {
            throw new IllegalArgumentException("no scenario '" + name + "'; there are " + names());
        }
        return making.of(name, new Recorded(traces, seed)).withSeed(seed);
    }

    /** A trace of somebody's own, as it was recorded. */
    static Scenario of(Arrivals own) {
        return scenario(own.name(), own, 2);
    }

    static Scenario scenario(String name, Arrivals arrivals, int initial) {
        return new Scenario(
                name,
                arrivals,
                SMALL,
                2,
                14,
                initial,
                Lives.SIX_MINUTES,
                Router.LEAST_IN_FLIGHT,
                15,
                2,
                2,
                600,
                Map.of(
                        "pilotlight.signal.ttft-slo", "2s",
                        "pilotlight.engine.max-num-seqs", "256",
                        "pilotlight.signal.forecast-horizon", "6m"),
                1);
    }

    /** The Azure conversation trace, or what stands in for it. */
    static Arrivals conversation(Path traces) {
        Path file = traces.resolve(CONVERSATION);
        return Files.exists(file) ? TraceFile.read(file) : Generators.conversationStandIn(1);
    }
}
