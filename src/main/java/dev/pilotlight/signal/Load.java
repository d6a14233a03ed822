package dev.pilotlight.signal;

import dev.pilotlight.engine.EngineSnapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The load meter: work offered per second over the work that this pod can do per second. Work, not places taken: a batch grows faster
 * than the traffic that fills it, since a fuller batch is a slower one. The formulas are in docs/signals.md.
 *
 * @param at of the newest reading taken in
 * @param last the newest reading
 * @param own the sidecar's own requests at that time
 * @param places requests in the batch, smoothed; all there is to go by until requests and tokens were counted
 * @param arrivals requests that come
 * @param learned what is known of the engine and its requests
 * @param firstToken the time to first token of an empty pod, 95th percentile, seconds; believed to be none until seen
 * @param latencies histograms of the last minute
 */
record Load(
        Instant at,
        EngineSnapshot last,
        OwnTraffic own,
        double places,
        ArrivalRate arrivals,
        Learned learned,
        double firstToken,
        LatencyWindow latencies) {

    /** What a restart of the engine does not change: it comes back with the same model, card, arguments and clients. */
    record Learned(RequestMix mix, StepCosts costs, Fullness fullness) {
        static final Learned NOTHING = new Learned(RequestMix.UNKNOWN, StepCosts.UNKNOWN, Fullness.UNKNOWN);

        Learned with(Fullness seen) {
            return new Learned(mix, costs, seen);
        }

        Learned afterRestart() {
            return new Learned(mix, costs, fullness.afterRestart());
        }
    }

    private static final double PLACES_SECONDS = 10;
    /** A change beyond this many standard deviations is a step, not noise, and is taken at once. */
    private static final double STEP_DEVIATIONS = 3;
    /** What a backlog alone may lift the load to: the pod is full, and more pods do not take back what queues here. */
    private static final double MOST_BY_BACKLOG = 1.08;

    /** A load beyond this is believed as far as the requests for it are there. */
    private static final double MOST_UNSEEN = 3;

    /** So many requests wait by chance only where the pod is all but full. */
    private static final double A_QUEUE = 20;
    /** Places that are all taken for a while are taken by more than chance. */
    private static final double ALL_TAKEN = 0.95;

    /** Long against the first minutes of a start, in which prompts of each new length wait for their kernels. */
    private static final double FIRST_TOKEN_SECONDS = 300;
    /** Near saturation the first token waits for the queue, which says little of an empty pod. */
    private static final double FAR_FROM_FULL = 0.9;
    /** An objective that an empty pod can hardly meet is not met by more pods either. */
    private static final double LEAST_WITHIN_SLO = 0.5;

    static Load begin(Instant at, EngineSnapshot snapshot, OwnTraffic own, Learned learned) {
        return new Load(
                at,
                snapshot,
                own,
                Math.max(0, snapshot.running() - own.inFlight()),
                ArrivalRate.UNKNOWN,
                learned,
                0,
                LatencyWindow.EMPTY.add(at, snapshot.latencies()));
    }

    Load advance(Instant now, EngineSnapshot snapshot, OwnTraffic ownNow, SignalPolicy policy) {
        double seconds = Duration.between(at, now).toNanos() / 1e9;
        if (seconds <= 0) {
            return this;
        }
        Interval seen = Interval.between(last, own, snapshot, ownNow, seconds);
        ArrivalRate rate = seen.counted() ? arrivals.advance(seen.arrived(), seconds) : arrivals;
        Learned met = new Learned(
                seen.counted() ? learned.mix().advance(seen, rate.perSecond()) : learned.mix(),
                learned.costs().advance(seen),
                learned.fullness());
        Sustained sustained = Sustained.of(snapshot, met, policy, interToken());
        Learned known = met.with(met.fullness().advance(seen, sustained.work(seen), sustained.scale()));
        Load next = new Load(
                now,
                snapshot,
                ownNow,
                follow(places, seen.running(), seconds),
                rate,
                known,
                firstToken,
                (own.overlaps(ownNow) ? LatencyWindow.EMPTY : latencies).add(now, snapshot.latencies()));
        return next.withFirstToken(seconds, policy);
    }

    private Load withFirstToken(double seconds, SignalPolicy policy) {
        OptionalDouble p95 = latencies.of(all -> all.firstToken()).p95();
        double offered = offered(Sustained.of(last, learned, policy, interToken()));
        if (policy.ttftSlo().isEmpty() || p95.isEmpty() || last.waiting() > 0 || offered > FAR_FROM_FULL) {
            return this;
        }
        double most = Sustained.seconds(policy.ttftSlo().get()) * (1 - LEAST_WITHIN_SLO);
        double empty = Math.min(p95.getAsDouble() * (1 - offered), most);
        return new Load(
                at,
                last,
                own,
                places,
                arrivals,
                learned,
                smooth(firstToken, empty, seconds, FIRST_TOKEN_SECONDS),
                latencies);
    }

    private Latency interToken() {
        return latencies.of(all -> all.interToken());
    }

    Signals signals(SignalPolicy policy) {
        Latency ttft = latencies.of(all -> all.firstToken());
        Latency itl = interToken();
        Sustained sustained = Sustained.of(last, learned, policy, itl);
        double load = withBacklog(offered(sustained), sustained, policy) / withinFirstToken(policy);
        Pressures pressures = new Pressures(
                OptionalDouble.of(last.running() / Sustained.slots(last, learned, policy)),
                OptionalDouble.of(last.waiting() / sustained.capacity().requests()),
                last.kvCacheUse(),
                against(ttft.p95(), policy.ttftSlo()),
                against(itl.p95(), policy.itlSlo()),
                OptionalDouble.empty(),
                OptionalDouble.empty());
        return new Signals(
                at,
                last.running(),
                last.waiting(),
                OptionalDouble.of(load),
                OptionalDouble.of(load / policy.targetLoad()),
                OptionalDouble.empty(),
                pressures,
                Optional.of(sustained.capacity()),
                ttft,
                itl,
                inflow(sustained));
    }

    /** Counted as the engine does, so that nothing is lost between two that ask. */
    private Optional<Inflow> inflow(Sustained sustained) {
        OptionalDouble each = sustained.secondsPerRequest();
        if (each.isEmpty() || last.successes().isEmpty()) {
            return Optional.empty();
        }
        double stay = each.getAsDouble() * sustained.capacity().requests();
        double came = last.successes().getAsDouble() + last.running() + last.waiting() - own.sent();
        return Optional.of(new Inflow(at, came, arrivals.perSecond(stay), each.getAsDouble(), stay));
    }

    /** What comes, over what can be done, which a burst of a moment does not tell; the share of places taken while that is not known. */
    private double offered(Sustained sustained) {
        OptionalDouble each = sustained.secondsPerRequest();
        double all = sustained.capacity().requests();
        if (each.isEmpty()) {
            return places / all;
        }
        double seen = (last.running() + last.waiting()) / all;
        return Math.min(arrivals.perSecond(each.getAsDouble() * all) * each.getAsDouble(), Math.max(MOST_UNSEEN, seen));
    }

    /**
     * What the pod is seen to be under, whatever comes: requests that stay for minutes, or a queue left of a burst, keep it full long
     * after they arrived. Places taken are less than the load that takes them, since a batch that is not full is a quick one; some are
     * taken by chance; but with a queue beside them, they are all that there is to have.
     */
    private double taken(Sustained sustained) {
        double all = sustained.capacity().requests();
        double running = Math.max(0, last.running() - own.inFlight());
        double lately = Math.min(running, places);
        double certain = lately >= ALL_TAKEN * all ? 1 : Math.min(1, last.waiting() / A_QUEUE);
        double surely = Math.max(0, lately - Math.sqrt(lately));
        double share = (surely + (running - surely) * certain) / all;
        return Math.max(Math.min(1, share), learned.fullness().queueLasts());
    }

    /** A queue is work, too, to be done within the drain time; but however long, it makes the pod no fuller than full. */
    private double withBacklog(double offered, Sustained sustained, SignalPolicy policy) {
        double eachSeconds =
                sustained.secondsPerRequest().orElse(1 / sustained.capacity().requests());
        double backlog =
                last.waiting() * eachSeconds * learned.fullness().queueLasts() / Sustained.seconds(policy.drainTime());
        double known = Math.max(offered, taken(sustained));
        return Math.max(offered, Math.min(MOST_BY_BACKLOG, known + backlog));
    }

    /** The load at which the first token comes just in time, where that has to. */
    private double withinFirstToken(SignalPolicy policy) {
        return policy.ttftSlo().isPresent()
                ? Math.clamp(1 - firstToken / Sustained.seconds(policy.ttftSlo().get()), LEAST_WITHIN_SLO, 1)
                : 1;
    }

    private static OptionalDouble against(OptionalDouble seen, Optional<Duration> slo) {
        return seen.isPresent() && slo.isPresent()
                ? OptionalDouble.of(seen.getAsDouble() / Sustained.seconds(slo.get()))
                : OptionalDouble.empty();
    }

    private static double follow(double smoothed, double seen, double seconds) {
        double deviation = Math.sqrt(Math.max(1, smoothed));
        return Math.abs(seen - smoothed) > STEP_DEVIATIONS * deviation
                ? seen
                : smooth(smoothed, seen, seconds, PLACES_SECONDS);
    }

    private static double smooth(double smoothed, double seen, double seconds, double constant) {
        return smoothed + (seen - smoothed) * -Math.expm1(-seconds / constant);
    }
}
