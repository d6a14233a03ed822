package dev.pilotlight.signal;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.DoubleStream;

/**
 * The scaling signals of this pod, from a reading of the given instant. Whoever publishes them looks at their age first.
 *
 * @param at of the reading that they were made from
 * @param load offered work over what this pod can sustain: 1 is full
 * @param demandPods load over the target load
 * @param forecast the load expected one cold start from now
 * @param inflow what comes, for the leader of a pool; absent until requests were counted
 */
public record Signals(
        Instant at,
        double running,
        double waiting,
        OptionalDouble load,
        OptionalDouble demandPods,
        OptionalDouble forecast,
        Pressures pressures,
        Optional<Capacity> capacity,
        Latency ttft,
        Latency itl,
        Optional<Inflow> inflow) {

    /** Whether everything that is said is a number. */
    boolean isFinite() {
        return DoubleStream.of(
                        running,
                        waiting,
                        load.orElse(0),
                        demandPods.orElse(0),
                        capacity.map(Capacity::requests).orElse(0.0),
                        capacity.map(Capacity::confidence).orElse(0.0),
                        inflow.map(Inflow::requests).orElse(0.0),
                        inflow.map(Inflow::perSecond).orElse(0.0),
                        inflow.map(Inflow::secondsEach).orElse(0.0),
                        inflow.map(Inflow::staySeconds).orElse(0.0))
                .allMatch(Double::isFinite);
    }

    /** With the load expected one cold start from now. */
    Signals withForecast(OptionalDouble expected) {
        return new Signals(at, running, waiting, load, demandPods, expected, pressures, capacity, ttft, itl, inflow);
    }

    /** With the GPUs' share of time at work and of memory in use. */
    public Signals withGpu(OptionalDouble compute, OptionalDouble memory) {
        Pressures known = pressures.withGpu(compute, memory);
        return new Signals(at, running, waiting, load, demandPods, forecast, known, capacity, ttft, itl, inflow);
    }

    /** The readings alone, for a pod that is not to be scaled by. */
    public Signals withoutLoad() {
        OptionalDouble none = OptionalDouble.empty();
        return new Signals(at, running, waiting, none, none, none, pressures, capacity, ttft, itl, Optional.empty());
    }
}
