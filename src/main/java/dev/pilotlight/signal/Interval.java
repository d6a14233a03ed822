package dev.pilotlight.signal;

import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.Rank;
import java.util.OptionalDouble;

/**
 * What happened between two readings of one engine process. The sidecar's own requests are left out of what arrived and finished;
 * the tokens that they took are few and stay in.
 *
 * @param seconds between the two
 * @param ranks of the engine
 * @param counted whether the page counts requests and tokens; without that only the gauges are of use
 * @param arrived requests that came: those that finished, and those that joined the batch or the queue
 * @param finished requests that finished
 * @param runningBefore requests in the batch at the earlier reading
 * @param running requests in the batch at the later one
 * @param waiting requests in the queue at the later one
 * @param generated tokens
 * @param answered tokens that the requests which finished had got; absent where the page does not say it
 * @param prompt prompt tokens that had to be computed
 * @param steps of the engine core, over all ranks
 * @param cacheUse mean share of the KV cache in use, 0..1; absent where the page does not say it
 * @param busy whether the engine certainly had work all the time, on every rank
 */
record Interval(
        double seconds,
        int ranks,
        boolean counted,
        double arrived,
        double finished,
        double runningBefore,
        double running,
        double waiting,
        double generated,
        OptionalDouble answered,
        double prompt,
        double steps,
        OptionalDouble cacheUse,
        boolean busy) {

    /** With so many in the batch at both ends, it was hardly empty in between. */
    private static final double HARDLY_EMPTY = 6;

    static Interval between(
            EngineSnapshot before, OwnTraffic ownBefore, EngineSnapshot after, OwnTraffic own, double seconds) {
        double finished =
                Math.max(0, rise(before.successes(), after.successes()) - ownEnded(own) + ownEnded(ownBefore));
        double present = others(after.running() + after.waiting(), own);
        double presentBefore = others(before.running() + before.waiting(), ownBefore);
        double generated = rise(before.generationTokens(), after.generationTokens());
        double inBatch = Math.max(1, (before.running() + after.running()) / 2);
        return new Interval(
                seconds,
                after.ranks().size(),
                after.successes().isPresent()
                        && after.generationTokens().isPresent()
                        && after.promptTokens().isPresent(),
                Math.max(0, finished + present - presentBefore),
                finished,
                others(before.running(), ownBefore),
                others(after.running(), own),
                after.waiting(),
                generated,
                after.answeredTokens().isPresent()
                        ? OptionalDouble.of(rise(before.answeredTokens(), after.answeredTokens()))
                        : OptionalDouble.empty(),
                rise(before.promptTokens(), after.promptTokens())
                        - rise(before.cachedPromptTokens(), after.cachedPromptTokens()),
                after.steps().isPresent() ? rise(before.steps(), after.steps()) : generated / inBatch,
                after.kvCacheUseMean(),
                own.inFlight() == 0 && ownBefore.inFlight() == 0 && isBusy(before, after));
    }

    /** Own requests run as long as they are few: one is never queued behind itself. */
    private static double others(double requests, OwnTraffic own) {
        return Math.max(0, requests - own.inFlight());
    }

    private static double ownEnded(OwnTraffic own) {
        return own.sent() - own.inFlight();
    }

    /** A counter that went back belongs to a new process; its tracker begins the meter's counts anew. */
    private static double rise(OptionalDouble before, OptionalDouble after) {
        return after.isPresent() ? Math.max(0, after.getAsDouble() - before.orElse(0)) : 0;
    }

    private static boolean isBusy(EngineSnapshot before, EngineSnapshot after) {
        if (before.ranks().size() != after.ranks().size()) {
            return false;
        }
        for (int i = 0; i < after.ranks().size(); i++) {
            if (!isBusy(before.ranks().get(i), after.ranks().get(i))) {
                return false;
            }
        }
        return true;
    }

    /** Fewer requests left than there were: one of them ran all the time. */
    private static boolean isBusy(Rank before, Rank after) {
        return Math.min(before.running(), after.running()) >= HARDLY_EMPTY
                || rise(before.successes(), after.successes()) < before.running();
    }
}
