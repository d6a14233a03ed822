package dev.pilotlight.signal;

import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.Rank;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * What happened between two readings of one engine process. The sidecar's own requests are left out of what is counted; the few tokens that
 * they took stay in. Requests that wait for something else than a slot are left out, too.
 *
 * @param seconds between the two
 * @param work as the page counts it; without that only the gauges are of use
 * @param cacheUse mean share of the KV cache in use, 0..1; absent where the page does not say it
 */
record Interval(double seconds, Requests requests, Optional<Work> work, OptionalDouble cacheUse) {

    /**
     * @param finished counted by the engine; it does not count those whose clients hung up
     * @param before in the batch at the earlier reading
     * @param running in the batch at the later one
     * @param queueGrew by so many
     * @param waiting in the queue at the later one
     * @param rejected on arrival: they came, and are in no gauge
     */
    record Requests(double finished, double before, double running, double queueGrew, double waiting, double rejected) {
        /** Those that came, less those that went without being counted. */
        double net() {
            return finished + running - before + queueGrew + rejected;
        }
    }

    /**
     * @param steps of the engine core, over all ranks
     * @param generated tokens
     * @param prompt tokens that had to be computed
     */
    record Work(double steps, double generated, double prompt) {}

    static Interval between(
            EngineSnapshot before, OwnTraffic ownBefore, EngineSnapshot after, OwnTraffic own, double seconds) {
        double finished =
                Math.max(0, rise(before, after, Rank::successes) - Math.max(0, ownEnded(own) - ownEnded(ownBefore)));
        double waiting = Math.max(0, after.waiting() - after.deferred());
        double grew = waiting - Math.max(0, before.waiting() - before.deferred());
        double running = others(after.running(), own);
        double runningBefore = others(before.running(), ownBefore);
        boolean isCounted = after.successes().isPresent()
                && after.generationTokens().isPresent()
                && after.promptTokens().isPresent();
        return new Interval(
                seconds,
                new Requests(
                        finished,
                        runningBefore,
                        running,
                        grew,
                        waiting,
                        rise(before.server().rejections(), after.server().rejections())),
                isCounted ? Optional.of(work(before, after)) : Optional.empty(),
                after.kvCacheUseMean());
    }

    /** An engine with requests in its batch that has done nothing: it is in the middle of a step, or stalled. */
    boolean stoodStill() {
        return work.isPresent()
                && work.get().steps() <= 0
                && work.get().prompt() <= 0
                && requests.finished() <= 0
                && Math.min(requests.before(), requests.running()) > 0;
    }

    private static Work work(EngineSnapshot before, EngineSnapshot after) {
        double generated = rise(before, after, Rank::generationTokens);
        double inBatch = Math.max(1, (before.running() + after.running()) / 2);
        double prompt = rise(before, after, Rank::promptTokens) - rise(before, after, Rank::cachedPromptTokens);
        return new Work(
                after.steps().isPresent() ? rise(before, after, Rank::steps) : generated / inBatch, generated, prompt);
    }

    /** Own requests run as long as they are few: one is never queued behind itself. */
    private static double others(double requests, OwnTraffic own) {
        return Math.max(0, requests - own.inFlight());
    }

    private static double ownEnded(OwnTraffic own) {
        return own.sent() - own.inFlight();
    }

    /** Over the ranks that both have: what one that comes back counts was not done meanwhile. */
    private static double rise(EngineSnapshot before, EngineSnapshot after, Function<Rank, OptionalDouble> counter) {
        double sum = 0;
        for (Rank rank : after.ranks()) {
            for (Rank earlier : before.ranks()) {
                if (earlier.engine().equals(rank.engine())) {
                    sum += rise(counter.apply(earlier), counter.apply(rank));
                }
            }
        }
        return sum;
    }

    /** One that went back was cleared, or belongs to a new process; its tracker begins the meter's counts again. */
    private static double rise(OptionalDouble before, OptionalDouble after) {
        return after.isPresent() ? Math.max(0, after.getAsDouble() - before.orElse(0)) : 0;
    }
}
