package dev.pilotlight.engine;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * What one metrics page of the engine says.
 *
 * @param ranks at least one, in page order
 * @param models the names served, as the page labels them; empty where nothing was served yet and the page labels nothing
 * @param processStart Unix seconds; absent on multi-process pages
 * @param cache the KV cache's size
 * @param sleep the sleep gauge
 * @param latencies histograms, {@link Latencies#NONE} when this page was asked without them
 * @param server what it does beside its requests
 * @param leftOut what of the page cannot be and so was left out, for people
 */
public record EngineSnapshot(
        List<Rank> ranks,
        List<String> models,
        OptionalDouble processStart,
        CacheConfig cache,
        Sleep sleep,
        Latencies latencies,
        ServerState server,
        Optional<String> leftOut) {
    public EngineSnapshot(
            List<Rank> ranks,
            List<String> models,
            OptionalDouble processStart,
            CacheConfig cache,
            Sleep sleep,
            Latencies latencies) {
        this(ranks, models, processStart, cache, sleep, latencies, ServerState.UNKNOWN, Optional.empty());
    }

    public EngineSnapshot {
        if (ranks.isEmpty()) {
            throw new IllegalArgumentException("an engine has at least one rank");
        }
        ranks = List.copyOf(ranks);
        models = List.copyOf(models);
    }

    /** The rank of that engine label. */
    public Optional<Rank> rank(String engine) {
        for (Rank rank : ranks) {
            if (rank.engine().equals(engine)) {
                return Optional.of(rank);
            }
        }
        return Optional.empty();
    }

    public double running() {
        double sum = 0;
        for (Rank rank : ranks) {
            sum += rank.running();
        }
        return sum;
    }

    public double waiting() {
        double sum = 0;
        for (Rank rank : ranks) {
            sum += rank.waiting();
        }
        return sum;
    }

    /** Requests that wait, and not for a slot. */
    public double deferred() {
        double sum = 0;
        for (Rank rank : ranks) {
            sum += rank.deferred();
        }
        return sum;
    }

    /** The fullest rank's share, 0..1. */
    public OptionalDouble kvCacheUse() {
        double max = Double.NaN;
        for (Rank rank : ranks) {
            double use = rank.kvCacheUse().orElse(Double.NaN);
            max = Double.isNaN(max) || use > max ? use : max;
        }
        return Double.isNaN(max) ? OptionalDouble.empty() : OptionalDouble.of(max);
    }

    /** The mean over ranks that say it, 0..1. */
    public OptionalDouble kvCacheUseMean() {
        double sum = 0;
        int known = 0;
        for (Rank rank : ranks) {
            if (rank.kvCacheUse().isPresent()) {
                sum += rank.kvCacheUse().getAsDouble();
                known++;
            }
        }
        return known == 0 ? OptionalDouble.empty() : OptionalDouble.of(sum / known);
    }

    public OptionalDouble promptTokens() {
        return total(Rank::promptTokens);
    }

    public OptionalDouble generationTokens() {
        return total(Rank::generationTokens);
    }

    public OptionalDouble answeredTokens() {
        return total(Rank::answeredTokens);
    }

    public OptionalDouble cachedPromptTokens() {
        return total(Rank::cachedPromptTokens);
    }

    public OptionalDouble steps() {
        return total(Rank::steps);
    }

    public OptionalDouble successes() {
        return total(Rank::successes);
    }

    /** Whether both pages say when their process began, and the same. */
    boolean hasTheStartOf(EngineSnapshot earlier) {
        return processStart.isPresent() && processStart.equals(earlier.processStart);
    }

    /** Whether both pages say when their process began, and not the same: the clock may have been set, too. */
    boolean hasAnotherStartThan(EngineSnapshot earlier) {
        return processStart.isPresent() && earlier.processStart.isPresent() && !hasTheStartOf(earlier);
    }

    /** Whether a counter of a rank that both pages have stands lower. */
    boolean countsBackFrom(EngineSnapshot earlier) {
        for (Rank rank : ranks) {
            for (Rank before : earlier.ranks) {
                if (before.engine().equals(rank.engine()) && rank.countsBackFrom(before)) {
                    return true;
                }
            }
        }
        return false;
    }

    private OptionalDouble total(Function<Rank, OptionalDouble> counter) {
        double sum = 0;
        boolean known = false;
        for (Rank rank : ranks) {
            OptionalDouble value = counter.apply(rank);
            if (value.isPresent()) {
                sum += value.getAsDouble();
                known = true;
            }
        }
        return known ? OptionalDouble.of(sum) : OptionalDouble.empty();
    }
}
