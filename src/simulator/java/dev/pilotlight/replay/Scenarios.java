package dev.pilotlight.replay;

import dev.pilotlight.simulator.ColdKernels;
import dev.pilotlight.simulator.Profile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** The scenarios of the bench. */
final class Scenarios {
    /** FP8 8B on a 24 GB card, whose first prefills of a start wait for their kernels. */
    static final Profile SMALL = Profile.LLAMA_8B_FP8_24GB.withColdKernels(ColdKernels.of(10, 1));

    private static final double HOUR = 3600;
    /** With the warm-up that follows, 360 s in all. */
    private static final Lives SIX_MINUTES = new Lives(170, 155, 0.15);

    private Scenarios() {}

    /** A day in four hours, two bursts: the scenario that the README's numbers come from. */
    static Scenario reference(Path traces) {
        Shape day = Shape.day(1.4, 5.6, 4 * HOUR)
                .burst(0.9 * HOUR, 600, 60, 1.5)
                .burst(2.75 * HOUR, 600, 60, 1.5);
        return scenario(
                "reference", Generators.shaped(conversation(traces), day, 4 * HOUR, "conversation, a day in 4 h"), 4);
    }

    static Scenario scenario(String name, Arrivals arrivals, int initial) {
        return new Scenario(
                name, arrivals, SMALL, 2, 14, initial, SIX_MINUTES, Router.LEAST_IN_FLIGHT, 15, 2, 2, 600,
                Map.of("pilotlight.signal.ttft-slo", "2s", "pilotlight.engine.max-num-seqs", "256"), 1);
    }

    /** The Azure conversation trace, or what stands in for it. */
    static Arrivals conversation(Path traces) {
        Path file = traces.resolve("AzureLLMInferenceTrace_conv.csv");
        return Files.exists(file) ? TraceFile.read(file) : Generators.conversationStandIn(1);
    }
}
