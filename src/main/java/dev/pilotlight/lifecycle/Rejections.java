package dev.pilotlight.lifecycle;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineTrack;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Requests that the engine rejected on arrival ({@code vllm:admission_rejections_total}): traffic that no gauge shows.
 *
 * @param counted by the process that answers now; empty where it counts none
 * @param total seen to come, over all of its processes
 * @param lastAt when it last turned one away
 */
public record Rejections(OptionalDouble counted, double total, Optional<Instant> lastAt) {
    public static final Rejections NONE = new Rejections(OptionalDouble.empty(), 0, Optional.empty());

    public Rejections advance(EngineTrack engine) {
        if (!(engine.latest() instanceof Answered answered)) {
            return this;
        }
        OptionalDouble now = answered.snapshot().server().rejections();
        if (now.isEmpty() || now.equals(counted) && !engine.replaced()) {
            return this;
        }
        // The first count is of before anybody looked; a lower one is another process's.
        double before = engine.replaced() ? 0 : counted.orElse(now.getAsDouble());
        double more = now.getAsDouble() < before ? now.getAsDouble() : now.getAsDouble() - before;
        return new Rejections(now, total + more, more > 0 ? Optional.of(answered.at()) : lastAt);
    }
}
