package dev.pilotlight.signal;

import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.signal.Load.Learned;
import dev.pilotlight.signal.StepCosts.Costs;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What the pod sustains with requests as they are these days.
 *
 * @param capacity requests at once, the least of all limits
 * @param places the same without those that only a service level objective sets
 * @param ranks of the engine
 * @param costs of the engine's steps; absent until learned
 * @param mix of requests
 * @param cacheShare of one rank's KV cache that a running request holds; 0 while unknown
 * @param scale the work, by the costs, at which the pod is full
 */
record Sustained(
        Capacity capacity,
        double places,
        int ranks,
        Optional<Costs> costs,
        RequestMix mix,
        double cacheShare,
        double scale) {
    /** vLLM's own default of {@code --max-num-seqs} on most hardware. */
    private static final double DEFAULT_SLOTS = 256;
    /** Request-seconds after which the share of the cache that a request holds is known. */
    private static final double ENOUGH_EVIDENCE = 60;

    private static final double LEAST_USABLE_CACHE = 0.5;
    private static final double LOST_OF_GROWN = 0.45;
    private static final String CACHE = "KV cache";

    static Sustained of(EngineSnapshot snapshot, Learned learned, SignalPolicy policy, Latency interToken) {
        int ranks = snapshot.ranks().size();
        RequestMix mix = learned.mix();
        Optional<Costs> costs = learned.costs().best(interToken.mean());
        double share = mix.cacheShare().orElse(0) * ranks;
        Capacity physical = physical(snapshot, learned, policy, ranks);
        Capacity capacity = physical;
        if (policy.itlSlo().isPresent() && costs.isPresent() && mix.isKnown()) {
            double slack = interToken.p95().isPresent()
                            && interToken.mean().isPresent()
                            && interToken.mean().getAsDouble() > 0
                    ? Math.max(
                            1,
                            interToken.p95().getAsDouble() / interToken.mean().getAsDouble())
                    : 1;
            double step = seconds(policy.itlSlo().get()) / slack;
            double perPlace = perToken(costs.get(), share)
                    + costs.get().promptToken() * mix.promptTokens() / Math.max(1, mix.outputTokens());
            double most = Math.max(1, (step - costs.get().step()) / Math.max(perPlace, 1e-9)) * ranks;
            if (most < capacity.requests()) {
                capacity = new Capacity(most, Math.min(0.8, physical.confidence()), "inter-token SLO");
            }
        }
        double scale = learned.fullness().scale().orElse(physical.limit().equals(CACHE) ? withoutPreempted(mix) : 1);
        return new Sustained(capacity, physical.requests(), ranks, costs, mix, share, scale);
    }

    /**
     * A full KV cache makes room for growing answers by throwing out the youngest request, and what it had computed is computed twice.
     * The more of the cache is grown, not computed at once, the more that is; the factor is the simulator's, until the pod was seen full.
     */
    private static double withoutPreempted(RequestMix mix) {
        double grown = mix.outputTokens() / 2;
        return 1 - LOST_OF_GROWN * grown / Math.max(1, mix.promptTokens() + grown);
    }

    static double slots(EngineSnapshot snapshot, Learned learned, SignalPolicy policy) {
        int ranks = snapshot.ranks().size();
        double seen = learned.fullness().batchLimit();
        double said = policy.maxNumSeqs().isPresent()
                ? (double) policy.maxNumSeqs().getAsInt() * ranks
                : seen > 0 ? seen : DEFAULT_SLOTS * ranks;
        return Math.max(said, learned.fullness().most());
    }

    private static Capacity physical(EngineSnapshot snapshot, Learned learned, SignalPolicy policy, int ranks) {
        double slots = slots(snapshot, learned, policy);
        boolean batchIsKnown =
                policy.maxNumSeqs().isPresent() || learned.fullness().batchLimit() > 0;
        OptionalDouble share = learned.mix().cacheShare();
        boolean saysCache = snapshot.kvCacheUseMean().isPresent();
        double evidence = saysCache ? Math.min(1, learned.mix().shareEvidence() / ENOUGH_EVIDENCE) : 1;
        double byCache = share.isPresent()
                ? usableCache(snapshot, learned, ranks) / share.getAsDouble()
                : Double.POSITIVE_INFINITY;
        if (byCache < slots) {
            double known = learned.fullness().cacheUse().isPresent() ? 0.95 : 0.9;
            return new Capacity(Math.max(1, byCache), known * (0.3 + 0.7 * evidence) * (batchIsKnown ? 1 : 0.8), CACHE);
        }
        if (policy.maxNumSeqs().isPresent()) {
            boolean wasFull = learned.fullness().batchLimit() >= slots;
            return new Capacity(slots, wasFull ? 1 : 0.4 + 0.6 * evidence, "--max-num-seqs");
        }
        return batchIsKnown
                ? new Capacity(slots, 0.9, "batch seen full")
                : new Capacity(slots, 0.2, "vLLM's default batch limit; set pilotlight.engine.max-num-seqs");
    }

    /** A prompt enters only as a whole, so half of one stays free on the mean; where the cache was seen full, as seen. */
    private static double usableCache(EngineSnapshot snapshot, Learned learned, int ranks) {
        if (learned.fullness().cacheUse().isPresent()) {
            return learned.fullness().cacheUse().getAsDouble();
        }
        OptionalDouble tokens = snapshot.cache().tokens();
        return tokens.isPresent()
                ? Math.max(LEAST_USABLE_CACHE, 1 - learned.mix().promptTokens() * ranks / (2 * tokens.getAsDouble()))
                : 1;
    }

    private static double perToken(Costs costs, double share) {
        return costs.token() + costs.stepOfFullCache() * share;
    }

    /** Seconds of the whole pod at its fullest that so many tokens take; absent until the costs are known. */
    private OptionalDouble work(double generated, double prompt, double atOnce) {
        return costs.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(
                        (generated * (costs.get().step() * ranks / atOnce + perToken(costs.get(), cacheShare))
                                        + prompt * costs.get().promptToken())
                                / ranks);
    }

    /** Of what was done in an interval; absent when nothing moved, which says nothing of what could have. */
    OptionalDouble work(Interval seen) {
        return seen.steps() > 0 ? work(seen.generated(), seen.prompt(), places) : OptionalDouble.empty();
    }

    /** Seconds of the whole pod that one request takes: one over the requests per second that it sustains. */
    OptionalDouble secondsPerRequest() {
        if (!mix.isKnown()) {
            return OptionalDouble.empty();
        }
        OptionalDouble work = work(mix.outputTokens(), mix.promptTokens(), capacity.requests());
        return work.isPresent() ? OptionalDouble.of(work.getAsDouble() / scale) : work;
    }

    static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
