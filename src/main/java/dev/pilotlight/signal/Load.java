package dev.pilotlight.signal;

import dev.pilotlight.engine.EngineSnapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalDouble;

/**
 * The load meter: offered concurrency over sustainable concurrency, one reading at a time. It holds a few smoothed values and no
 * history, so a reading costs nothing to speak of. The formulas are in docs/signals.md.
 *
 * @param at of the newest reading taken in
 * @param running smoothed requests in the batch, own ones left out
 * @param inBatch requests in the batch at the newest reading
 * @param waiting requests in the queue at the newest reading
 * @param growth smoothed growth of the queue, requests per second
 * @param finished smoothed requests finished per second
 * @param successes the counter at the newest reading
 * @param plateau the most requests seen running while others waited; zero until that was seen
 * @param share smoothed share of the KV cache that one running request holds; zero until known
 * @param latencies histograms of the last minute
 */
record Load(
        Instant at,
        double running,
        double inBatch,
        double waiting,
        double growth,
        OptionalDouble finished,
        OptionalDouble successes,
        double plateau,
        OptionalDouble share,
        LatencyWindow latencies) {

    /** Smooths the noise of arrivals: at constant traffic the number in the batch still wanders by its square root. */
    private static final double RUNNING_SECONDS = 10;

    private static final double GROWTH_SECONDS = 5;
    private static final double FINISHED_SECONDS = 30;
    private static final double SHARE_SECONDS = 60;
    /** A change beyond this many standard deviations is a step, not noise, and is taken at once. */
    private static final double STEP_DEVIATIONS = 3;
    /** Below this the gauge's own rounding hides what a request holds. */
    private static final double LEAST_KV_USE = 0.01;
    /** vLLM's own default of {@code --max-num-seqs} on most hardware. */
    private static final double DEFAULT_SLOTS = 256;

    static Load begin(Instant at, EngineSnapshot snapshot, OwnTraffic own) {
        Load empty = new Load(
                at,
                others(snapshot.running(), own),
                snapshot.running(),
                snapshot.waiting(),
                0,
                OptionalDouble.empty(),
                snapshot.successes(),
                0,
                OptionalDouble.empty(),
                LatencyWindow.EMPTY.add(at, snapshot.latencies()));
        return empty.learn(snapshot, empty, 0);
    }

    /** Own requests run as long as they are few: one is never queued behind itself. */
    private static double others(double running, OwnTraffic own) {
        return Math.max(0, running - own.inFlight());
    }

    Load advance(Instant now, EngineSnapshot snapshot, OwnTraffic own) {
        double seconds = Duration.between(at, now).toNanos() / 1e9;
        if (seconds <= 0) {
            return this;
        }
        double runningNow = others(snapshot.running(), own);
        double growthNow = (snapshot.waiting() - waiting) / seconds;
        return new Load(
                        now,
                        follow(running, runningNow, seconds),
                        snapshot.running(),
                        snapshot.waiting(),
                        smooth(growth, growthNow, seconds, GROWTH_SECONDS),
                        finishedPerSecond(snapshot.successes(), seconds),
                        snapshot.successes(),
                        plateau,
                        share,
                        latencies.add(now, snapshot.latencies()))
                .learn(snapshot, this, seconds);
    }

    /** Limits show themselves in the readings: the batch that stays put while requests wait, the KV cache that each request takes. */
    private Load learn(EngineSnapshot snapshot, Load before, double seconds) {
        // Every request waits for a moment: only a queue that outlasts a poll, beside a batch that did not grow, shows
        // a full batch.
        boolean isFull = snapshot.waiting() > 0 && before.waiting > 0 && snapshot.running() <= before.inBatch;
        double plateauNow = isFull ? Math.max(plateau, snapshot.running()) : plateau;
        OptionalDouble shareNow = share;
        OptionalDouble use = snapshot.kvCacheUseMean();
        if (use.isPresent() && use.getAsDouble() > LEAST_KV_USE && snapshot.running() >= 1) {
            double seen = use.getAsDouble() / snapshot.running();
            shareNow = OptionalDouble.of(
                    share.isEmpty() ? seen : smooth(share.getAsDouble(), seen, seconds, SHARE_SECONDS));
        }
        return new Load(at, running, inBatch, waiting, growth, finished, successes, plateauNow, shareNow, latencies);
    }

    private OptionalDouble finishedPerSecond(OptionalDouble successesNow, double seconds) {
        if (successesNow.isEmpty() || successes.isEmpty()) {
            return finished;
        }
        // A counter that went back belongs to a new process; its tracker starts the meter anew.
        double rate = Math.max(0, successesNow.getAsDouble() - successes.getAsDouble()) / seconds;
        return OptionalDouble.of(
                finished.isEmpty() ? rate : smooth(finished.getAsDouble(), rate, seconds, FINISHED_SECONDS));
    }

    Signals signals(EngineSnapshot snapshot, SignalPolicy policy) {
        Capacity capacity = capacity(snapshot, policy);
        double offered = running + (Math.max(0, growth) + waiting / seconds(policy.drainTime())) * holdSeconds(policy);
        double load = offered / capacity.requests();
        Latency ttft = latencies.of(all -> all.firstToken());
        Latency itl = latencies.of(all -> all.interToken());
        Pressures pressures = new Pressures(
                OptionalDouble.of(snapshot.running() / slots(snapshot, policy)),
                OptionalDouble.of(snapshot.waiting() / capacity.requests()),
                snapshot.kvCacheUse(),
                against(ttft.p95(), policy.ttftSlo()),
                against(itl.p95(), policy.itlSlo()),
                OptionalDouble.empty(),
                OptionalDouble.empty());
        return new Signals(
                at,
                snapshot.running(),
                snapshot.waiting(),
                OptionalDouble.of(load),
                OptionalDouble.of(load / policy.targetLoad()),
                OptionalDouble.empty(),
                pressures,
                java.util.Optional.of(capacity),
                ttft,
                itl);
    }

    /** How long a request holds its slot, by Little's law; the drain time until requests have been seen to finish. */
    private double holdSeconds(SignalPolicy policy) {
        double drain = seconds(policy.drainTime());
        return finished.isPresent() && finished.getAsDouble() > 0 && running > 0
                ? Math.min(running / finished.getAsDouble(), drain)
                : drain;
    }

    private double slots(EngineSnapshot snapshot, SignalPolicy policy) {
        int ranks = snapshot.ranks().size();
        return policy.maxNumSeqs().isPresent()
                ? (double) policy.maxNumSeqs().getAsInt() * ranks
                : plateau > 0 ? plateau : DEFAULT_SLOTS * ranks;
    }

    private Capacity capacity(EngineSnapshot snapshot, SignalPolicy policy) {
        double slots = slots(snapshot, policy);
        double byCache = share.isPresent() ? 1 / share.getAsDouble() : Double.POSITIVE_INFINITY;
        if (byCache < slots) {
            return new Capacity(Math.max(1, byCache), policy.maxNumSeqs().isPresent() ? 0.8 : 0.6, "KV cache");
        }
        if (policy.maxNumSeqs().isPresent()) {
            return new Capacity(slots, 1, "--max-num-seqs");
        }
        return plateau > 0
                ? new Capacity(slots, 0.9, "batch seen full")
                : new Capacity(slots, 0.2, "vLLM's default batch limit; set pilotlight.engine.max-num-seqs");
    }

    private static OptionalDouble against(OptionalDouble seen, java.util.Optional<Duration> slo) {
        return seen.isPresent() && slo.isPresent()
                ? OptionalDouble.of(seen.getAsDouble() / seconds(slo.get()))
                : OptionalDouble.empty();
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    private static double follow(double smoothed, double seen, double seconds) {
        double deviation = Math.sqrt(Math.max(1, smoothed));
        return Math.abs(seen - smoothed) > STEP_DEVIATIONS * deviation
                ? seen
                : smooth(smoothed, seen, seconds, RUNNING_SECONDS);
    }

    private static double smooth(double smoothed, double seen, double seconds, double constant) {
        return smoothed + (seen - smoothed) * (1 - Math.exp(-seconds / constant));
    }
}
