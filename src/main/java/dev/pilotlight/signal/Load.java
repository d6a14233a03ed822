package dev.pilotlight.signal;

import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.Histogram;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The load meter: what is offered over what this pod can do. What was seen of the batch and the queue in the last service time is the
 * truth; what comes, times what a request was seen to cost, is the news, and runs ahead of the truth only until it should show there. The
 * formulas are in docs/load-formula.md.
 *
 * @param at of the newest reading taken in
 * @param counted when the engine was last seen to move: until it moves again its page stands still, and says nothing
 * @param last the reading of that time
 * @param own the sidecar's own requests at that time
 * @param arrivals requests that come
 * @param seen what the pod was under
 * @param learned what is known of the engine and its requests
 * @param firstToken of an empty pod
 * @param latencies histograms of the last minute
 */
record Load(
        Instant at,
        Instant counted,
        EngineSnapshot last,
        OwnTraffic own,
        ArrivalRate arrivals,
        Seen seen,
        Learned learned,
        FirstToken firstToken,
        LatencyWindow latencies) {

    /**
     * All of this process: the next one may have other arguments.
     *
     * @param price of a request, over minutes
     * @param latePrice over the last seconds
     */
    record Learned(StepTimes steps, Limits limits, Price price, Price latePrice) {
        static final Learned NOTHING = new Learned(StepTimes.UNKNOWN, Limits.UNKNOWN, Price.UNKNOWN, Price.UNKNOWN);
    }

    /** What a backlog alone may lift the load to: the pod is full, and more pods do not take back what queues here. */
    private static final double MOST_BY_BACKLOG = 1.08;
    /** A load beyond this is believed as far as the requests for it are there. */
    private static final double MOST_UNSEEN = 3;

    /** What was in use in the last seconds is another thing by so much. */
    private static final double CLEARLY = 1.5;
    /** What is all taken for a while is taken by more than chance. */
    private static final double ALL_TAKEN = 0.95;

    /** What stands still for longer is how things are. */
    private static final double LONGEST_STALL_SECONDS = 30;

    /** Over so many requests, or as long as these bounds say. */
    private static final double PRICE_REQUESTS = 400;

    private static final double LEAST_PRICE_SECONDS = 60;
    private static final double MOST_PRICE_SECONDS = 600;
    private static final double LATE_PRICE_SECONDS = 20;

    static Load begin(Instant at, EngineSnapshot snapshot, OwnTraffic own, SignalPolicy policy) {
        Load empty = new Load(
                at,
                at,
                snapshot,
                own,
                ArrivalRate.UNKNOWN,
                Seen.begin(0),
                Learned.NOTHING,
                FirstToken.NONE,
                LatencyWindow.EMPTY.add(at, snapshot.latencies()));
        double running = Math.max(0, snapshot.running() - own.inFlight());
        Seen first = Seen.begin(empty.inUse(running, 0, policy));
        return new Load(at, at, snapshot, own, empty.arrivals, first, empty.learned, empty.firstToken, empty.latencies);
    }

    Load advance(Instant now, EngineSnapshot snapshot, OwnTraffic ownNow, SignalPolicy policy) {
        double seconds = Duration.between(at, now).toNanos() / 1e9;
        if (seconds <= 0) {
            return this;
        }
        Interval interval = Interval.between(last, own, snapshot, ownNow, seconds);
        double elapsed = seconds(Duration.between(counted, now));
        if (interval.stoodStill() && elapsed < LONGEST_STALL_SECONDS) {
            return new Load(now, counted, last, own, arrivals, seen, learned, firstToken, latencies);
        }
        ArrivalRate rate = interval.work().isPresent()
                ? arrivals.advance(Math.max(0, interval.requests().net()), elapsed)
                : arrivals;
        Optional<Histogram> interToken = snapshot.latencies().interToken();
        Learned engine = new Learned(
                own.overlaps(ownNow) ? learned.steps.without(interToken) : learned.steps.advance(interval, interToken),
                learned.limits.advance(interval),
                learned.price,
                learned.latePrice);
        LatencyWindow window = histograms(now, snapshot, ownNow);
        return new Load(now, now, snapshot, ownNow, rate, seen, engine, firstToken, window)
                .with(interval, elapsed, policy);
    }

    /** What a model has counted that was not listed before is no work of this moment. */
    boolean listsOtherModels(EngineSnapshot snapshot) {
        return !last.models().isEmpty() && !last.models().equals(snapshot.models());
    }

    /** Counters that were cleared, or are fewer, or more: what lies between them and those before is no work, and no stall. */
    Load recounted(Instant now, EngineSnapshot snapshot, OwnTraffic ownNow) {
        LatencyWindow window = LatencyWindow.EMPTY.add(now, snapshot.latencies());
        return new Load(now, now, snapshot, ownNow, arrivals, seen, learned, firstToken, window);
    }

    private LatencyWindow histograms(Instant now, EngineSnapshot snapshot, OwnTraffic ownNow) {
        return (own.overlaps(ownNow) ? LatencyWindow.EMPTY : latencies).add(now, snapshot.latencies());
    }

    private Load with(Interval interval, double elapsed, SignalPolicy policy) {
        double inUse = inUse(interval.requests().running(), hidden(interval), policy);
        Price price = learned.price;
        Price late = learned.latePrice;
        if (interval.work().isPresent()) {
            late = late.advance(interval, inUse, LATE_PRICE_SECONDS);
            price = price.advance(interval, inUse, price.isOverBy(late) ? LATE_PRICE_SECONDS / 2 : memory());
        }
        Learned known = new Learned(learned.steps, learned.limits, price, late);
        double comes = with(seen, known, firstToken).arrivalsPerSecond(policy);
        Load next = with(seen.advance(interval, elapsed, inUse, comes, late.staySeconds()), known, firstToken);
        return with(next.seen, known, next.learnedFirstToken(interval.seconds(), policy));
    }

    private Load with(Seen under, Learned known, FirstToken emptyFirstToken) {
        return new Load(at, counted, last, own, arrivals, under, known, emptyFirstToken, latencies);
    }

    private double memory() {
        double perSecond = Math.max(arrivals.perSecond(), 1e-9);
        return Math.clamp(PRICE_REQUESTS / perSecond, LEAST_PRICE_SECONDS, MOST_PRICE_SECONDS);
    }

    /** The share of what the pod can do that it does with so many requests in the batch. */
    private double inUse(double running, double hidden, SignalPolicy policy) {
        double most = learned.limits.capacity(last, learned.price, policy).requests();
        double taken =
                Math.min(1, learned.limits.taken(last, running, learned.price.cacheShare(), policy) + hidden / most);
        double bend = learned.steps.tokenOverStep()
                * learned.latePrice.sizePerRequest()
                * most
                / last.ranks().size();
        double share = taken * (1 + bend) / (1 + bend * taken);
        return Math.min(1, share / atFull(policy));
    }

    /** What a full pod does of what its steps would allow. */
    private double atFull(SignalPolicy policy) {
        boolean isByCache =
                learned.limits.capacity(last, learned.price, policy).limit().equals(Limits.CACHE);
        return isByCache ? 1 - learned.price.lostWhereTheCacheIsFull() : 1;
    }

    /** Requests in the batch that are on no page: in its first step, which a long prompt makes long, nobody sees a request. */
    private double hidden(Interval interval) {
        if (interval.work().isEmpty()) {
            return 0;
        }
        StepTimes.Line line = learned.steps.line();
        Interval.Requests seen = interval.requests();
        double entered = Math.max(0, seen.finished() + seen.running() - seen.before());
        double prompts = Math.max(0, interval.work().get().prompt());
        return (entered * line.step() + prompts * line.token()) / interval.seconds();
    }

    private double arrivalsPerSecond(SignalPolicy policy) {
        double each = learned.price.each().orElse(0);
        return arrivals.perSecond(each * capacity(policy).requests());
    }

    private FirstToken learnedFirstToken(double seconds, SignalPolicy policy) {
        return last.waiting() > 0
                ? firstToken
                : firstToken.advance(latencies.firstToken().p95(), load(policy), policy.ttftSlo(), seconds);
    }

    private Capacity capacity(SignalPolicy policy) {
        Capacity physical = learned.limits.capacity(last, learned.price, policy);
        Latency interToken = latencies.interToken();
        if (policy.itlSlo().isEmpty() || !learned.steps.isKnown()) {
            return physical;
        }
        double mean = interToken.mean().orElse(0);
        double slack = mean > 0 ? Math.max(1, interToken.p95().orElse(mean) / mean) : 1;
        StepTimes.Line line = learned.steps.line();
        double perRequest = line.token() * learned.latePrice.sizePerRequest();
        double step = seconds(policy.itlSlo().get()) / slack;
        double most = Math.max(1, (step - line.step()) / Math.max(perRequest, 1e-9))
                * last.ranks().size();
        return most < physical.requests()
                ? new Capacity(most, Math.min(0.8, physical.confidence()), "inter-token SLO")
                : physical;
    }

    Signals signals(SignalPolicy policy) {
        Latency ttft = latencies.firstToken();
        Latency itl = latencies.interToken();
        Capacity capacity = capacity(policy);
        double load = load(policy) / firstToken.within(policy.ttftSlo());
        Pressures pressures = new Pressures(
                OptionalDouble.of(last.running()
                        / learned.limits.slots(policy, last.ranks().size())),
                OptionalDouble.of(last.waiting() / capacity.requests()),
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
                Optional.of(capacity),
                ttft,
                itl,
                inflow(policy));
    }

    /** Counted as the engine does, so that nothing is lost between two that ask. */
    private Optional<Inflow> inflow(SignalPolicy policy) {
        OptionalDouble each = learned.price.each();
        if (each.isEmpty() || last.successes().isEmpty()) {
            return Optional.empty();
        }
        double stay = each.getAsDouble() * capacity(policy).requests();
        double came = last.successes().getAsDouble()
                + last.running()
                + last.waiting()
                + last.server().rejections().orElse(0)
                - own.sent();
        return Optional.of(new Inflow(
                at, came, arrivals.perSecond(stay), each.getAsDouble() / firstToken.within(policy.ttftSlo()), stay));
    }

    private double load(SignalPolicy policy) {
        Capacity capacity = capacity(policy);
        double beyond = learned.limits.capacity(last, learned.price, policy).requests() / capacity.requests();
        double waiting = Math.max(0, last.waiting() - last.deferred());
        double each = learned.price.each().orElse(1 / capacity.requests());
        double offered = Math.min(
                offered(policy) * beyond, Math.max(MOST_UNSEEN, (last.running() + waiting) / capacity.requests()));
        double lasts = learned.limits.queueLasts(waiting * each);
        double backlog = waiting * each * lasts / seconds(policy.drainTime());
        return Math.max(offered, Math.min(MOST_BY_BACKLOG, Math.max(offered, lasts) + backlog));
    }

    /** What comes, as far as it does not contradict what was seen. */
    private double offered(SignalPolicy policy) {
        OptionalDouble price = learned.price.each();
        if (price.isEmpty()) {
            return seen.inUse();
        }
        double each = price.getAsDouble();
        double comes = arrivalsPerSecond(policy);
        double chance = seen.chance(learned.latePrice.staySeconds());
        double least = seen.lately() >= ALL_TAKEN
                ? seen.lately()
                : Math.max(0, Math.min(seen.inUse(), CLEARLY * seen.lately()) - chance);
        return Math.max(least, Math.min(comes * each, most(comes, each, chance)));
    }

    /** What was seen, and as much more as could still be on its way into the batch. Beyond full only the queue says how far. */
    private double most(double comes, double each, double chance) {
        if (learned.limits.queueLasts(0) >= 1 || seen.turnsAway()) {
            return Double.POSITIVE_INFINITY;
        }
        double late = Math.min(each, learned.latePrice.each().orElse(each));
        return seen.inUse()
                + chance
                + Math.max(0, comes - seen.arrivals()) * late
                + Math.max(0, seen.queueGrowth()) * each;
    }

    private static OptionalDouble against(OptionalDouble seen, Optional<Duration> slo) {
        return seen.isPresent() && slo.isPresent()
                ? OptionalDouble.of(seen.getAsDouble() / seconds(slo.get()))
                : OptionalDouble.empty();
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
