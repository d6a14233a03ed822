package dev.pilotlight.lifecycle;

import dev.pilotlight.signal.OwnTraffic;
import java.time.Duration;
import java.time.Instant;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Counts the requests that this sidecar sends to the engine, so that they are never taken for traffic. */
public final class OwnRequests {
    /** An end older than this is in every reading by now. */
    private static final Duration REMEMBERED = Duration.ofSeconds(60);

    private final AtomicLong sent = new AtomicLong();
    private final AtomicInteger inFlight = new AtomicInteger();
    private final Deque<Instant> ends = new ConcurrentLinkedDeque<>();

    void began() {
        sent.incrementAndGet();
        inFlight.incrementAndGet();
    }

    void ended(Instant at) {
        ends.addLast(at);
        inFlight.decrementAndGet();
        for (Instant first = ends.peekFirst();
                first != null && first.isBefore(at.minus(REMEMBERED));
                first = ends.peekFirst()) {
            ends.pollFirst();
        }
    }

    /** As the engine saw it when it was read at that instant: a request that ended since then was still in flight. */
    public OwnTraffic at(Instant reading) {
        int since = 0;
        for (Instant end : ends) {
            since += end.isBefore(reading) ? 0 : 1;
        }
        return new OwnTraffic(sent.get(), inFlight.get() + since);
    }
}
