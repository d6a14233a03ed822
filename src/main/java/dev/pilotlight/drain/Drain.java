package dev.pilotlight.drain;

import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.signal.OwnTraffic;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How far a drain has come.
 *
 * @param order what was ordered
 * @param inFlight requests still at the engine; empty when it does not say
 * @param quietReadings readings in a row without any
 * @param readAt of the newest reading counted
 * @param ended how it ended; empty while it goes on
 */
public record Drain(
        DrainOrder order, OptionalDouble inFlight, int quietReadings, Instant readAt, Optional<Ended> ended) {
    /** A gauge is set when the engine sends output: one quiet reading may come from between two steps. */
    private static final int QUIET_READINGS = 2;
    /** Share of the KV cache: more than rounding. */
    private static final double HELD = 0.001;

    private static final Duration HELD_AT_MOST = Duration.ofSeconds(60);

    /** @param clean whether every request was done */
    public record Ended(Instant at, boolean clean, String how) {}

    public static Drain begin(DrainOrder order) {
        return new Drain(order, OptionalDouble.empty(), 0, order.at(), Optional.empty());
    }

    /** @param hopeless why nothing that is in flight will end; empty while it may */
    public Drain advance(
            EngineTrack engine, OwnTraffic own, Optional<String> hopeless, DrainPolicy policy, Instant now) {
        if (ended.isPresent()) {
            return this;
        }
        if (engine.refusedSince().isPresent()) {
            return new Drain(
                    order,
                    OptionalDouble.of(0),
                    quietReadings,
                    engine.latest().at(),
                    Optional.of(new Ended(now, true, "the engine is gone")));
        }
        boolean isNews = engine.latest().at().isAfter(readAt);
        OptionalDouble left = inFlight(engine.latest(), own, Duration.between(order.at(), now));
        int quiet = !isNews ? quietReadings : left.isPresent() && left.getAsDouble() <= 0 ? quietReadings + 1 : 0;
        Instant read = isNews ? engine.latest().at() : readAt;
        OptionalDouble shown = isNews ? left : inFlight;
        boolean settled = !now.isBefore(order.at().plus(policy.settle()));
        Optional<Ended> end = quiet >= QUIET_READINGS && settled
                ? Optional.of(new Ended(now, true, "no request in flight"))
                : hopeless.isPresent() && settled
                        ? Optional.of(new Ended(now, false, "nothing in flight will end: " + hopeless.get()))
                        : now.isBefore(order.deadline())
                                ? Optional.empty()
                                : Optional.of(new Ended(
                                        now,
                                        false,
                                        "the deadline came first, with "
                                                + (shown.isPresent()
                                                        ? Math.round(shown.getAsDouble()) + " requests"
                                                        : "an unknown number of requests")
                                                + " in flight"));
        return new Drain(order, shown, quiet, read, end);
    }

    /** Until the deadline; zero from then on. */
    public Duration left(Instant now) {
        Duration left = Duration.between(now, order.deadline());
        return left.isNegative() ? Duration.ZERO : left;
    }

    /**
     * The greater of the gauges and the server's own counts; and what has ended here while another server still has to fetch its KV blocks.
     * What is ours is taken off the server's count, which is of this moment. The gauges are of the last step: beside a step that takes long
     * they do not hold a request of ours yet, and somebody's would be taken for it.
     */
    private static OptionalDouble inFlight(EngineReading reading, OwnTraffic own, Duration since) {
        if (!(reading instanceof Answered answered)) {
            return OptionalDouble.empty();
        }
        EngineSnapshot page = answered.snapshot();
        double others = Math.max(
                page.running() + page.waiting(),
                Math.max(
                        answered.inFlight().orElse(0) - own.inFlight(),
                        page.server().webSockets().orElse(0)));
        double held = page.server().pinnedRequests().orElse(heldUnsaid(page, since));
        return OptionalDouble.of(others + held);
    }

    /** Before vLLM 0.33 only the cache shows that blocks are held; blocks that an older version lost would be waited for in vain. */
    private static double heldUnsaid(EngineSnapshot page, Duration since) {
        boolean isHeld =
                page.running() + page.waiting() == 0 && page.kvCacheUse().orElse(0) > HELD;
        return isHeld && since.compareTo(HELD_AT_MOST) < 0 ? 1 : 0;
    }
}
