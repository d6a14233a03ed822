package dev.pilotlight.signal;

import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.Histogram;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The load meter: what is offered over what this pod can do. What was seen of the batch and the queue in the last service time is the
 * truth; what comes, times what a request was seen to cost, is the news, and runs ahead of the truth only until it should show there. This
 * is what the meter remembers, and what a reading adds to it; what follows from it is in {@link Formulas}.
 *
 * @param at of the newest reading taken in
 * @param counted when the engine was last seen to move: until it moves again its page stands still, and says nothing
 * @param last the reading of that time
 * @param own the sidecar's own requests at that time
 * @param arrivals requests that come
 * @param seen what the pod was under
 * @param learned what is known of the engine and its requests
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
        LatencyWindow latencies) {

    /**
     * All of this process: the next one may have other arguments.
     *
     * @param price of a request, over minutes
     * @param latePrice over the last seconds
     * @param firstToken of an empty pod
     */
    record Learned(StepTimes steps, Limits limits, Price price, Price latePrice, FirstToken firstToken) {
        static final Learned NOTHING =
                new Learned(StepTimes.UNKNOWN, Limits.UNKNOWN, Price.UNKNOWN, Price.UNKNOWN, FirstToken.NONE);

        Learned with(Price next, Price late) {
            return new Learned(steps, limits, next, late, firstToken);
        }

        Learned with(FirstToken next) {
            return new Learned(steps, limits, price, latePrice, next);
        }
    }

    /** What stands still for longer is how things are. */
    private static final double LONGEST_STALL_SECONDS = 30;

    /** A price is that of so many requests, or of as long as these bounds say. */
    private static final double PRICE_REQUESTS = 400;

    private static final double LEAST_PRICE_SECONDS = 60;
    private static final double MOST_PRICE_SECONDS = 600;
    private static final double LATE_PRICE_SECONDS = 20;

    static Load begin(Instant at, EngineSnapshot snapshot, OwnTraffic own, SignalPolicy policy) {
        LatencyWindow latencies = LatencyWindow.EMPTY.add(at, snapshot.latencies());
        Load empty = new Load(at, at, snapshot, own, ArrivalRate.UNKNOWN, Seen.begin(0), Learned.NOTHING, latencies);
        double running = Math.max(0, snapshot.running() - own.inFlight());
        return empty.with(Seen.begin(empty.formulas(policy).inUse(running, 0)), empty.learned);
    }

    Load advance(Instant now, EngineSnapshot snapshot, OwnTraffic ownNow, SignalPolicy policy) {
        double sincePoll = Formulas.seconds(Duration.between(at, now));
        if (sincePoll <= 0) {
            return this;
        }
        Interval interval = Interval.between(last, own, snapshot, ownNow, sincePoll);
        double elapsed = Formulas.seconds(Duration.between(counted, now));
        if (interval.stoodStill() && elapsed < LONGEST_STALL_SECONDS) {
            return new Load(now, counted, last, own, arrivals, seen, learned, latencies);
        }
        ArrivalRate rate = interval.work().isPresent()
                ? arrivals.advance(Math.max(0, interval.requests().net()), elapsed)
                : arrivals;
        boolean isOwn = own.overlaps(ownNow);
        Optional<Histogram> interToken = snapshot.latencies().interToken();
        Learned ofEngine = new Learned(
                isOwn ? learned.steps.without(interToken) : learned.steps.advance(interval, interToken),
                learned.limits.advance(interval),
                learned.price,
                learned.latePrice,
                learned.firstToken);
        LatencyWindow window = (isOwn ? LatencyWindow.EMPTY : latencies).add(now, snapshot.latencies());
        return new Load(now, now, snapshot, ownNow, rate, seen, ofEngine, window).with(interval, elapsed, policy);
    }

    /** With what was in use meanwhile, and what requests cost by that. */
    private Load with(Interval interval, double elapsed, SignalPolicy policy) {
        double inUse = formulas(policy).inUse(interval);
        Price price = learned.price;
        Price late = learned.latePrice;
        if (interval.work().isPresent()) {
            late = late.advance(interval, inUse, LATE_PRICE_SECONDS);
            price = price.advance(interval, inUse, price.isOverBy(late) ? LATE_PRICE_SECONDS / 2 : memory());
        }
        Load priced = with(seen, learned.with(price, late));
        double arrivalRate = priced.formulas(policy).arrivalRate();
        Load next =
                priced.with(seen.advance(interval, elapsed, inUse, arrivalRate, late.staySeconds()), priced.learned);
        return last.waiting() > 0 ? next : next.withFirstToken(interval.seconds(), policy);
    }

    private Load withFirstToken(double seconds, SignalPolicy policy) {
        double load = formulas(policy).loadBySlots();
        return with(
                seen,
                learned.with(
                        learned.firstToken.advance(latencies.firstToken().p95(), load, policy.ttftSlo(), seconds)));
    }

    private Load with(Seen under, Learned known) {
        return new Load(at, counted, last, own, arrivals, under, known, latencies);
    }

    private double memory() {
        double perSecond = Math.max(arrivals.perSecond(), 1e-9);
        return Math.clamp(PRICE_REQUESTS / perSecond, LEAST_PRICE_SECONDS, MOST_PRICE_SECONDS);
    }

    /** What a model has counted that was not listed before is no work of this moment. */
    boolean listsOtherModels(EngineSnapshot snapshot) {
        return !last.models().isEmpty() && !last.models().equals(snapshot.models());
    }

    /** Counters that were cleared, or are fewer, or more: what lies between them and those before is no work, and no stall. */
    Load recounted(Instant now, EngineSnapshot snapshot, OwnTraffic ownNow) {
        LatencyWindow window = LatencyWindow.EMPTY.add(now, snapshot.latencies());
        return new Load(now, now, snapshot, ownNow, arrivals, seen, learned, window);
    }

    Formulas formulas(SignalPolicy policy) {
        return new Formulas(this, policy);
    }

    Signals signals(SignalPolicy policy) {
        Formulas formulas = formulas(policy);
        Capacity capacity = formulas.capacity();
        double load = formulas.load();
        Latency ttft = latencies.firstToken();
        Latency itl = latencies.interToken();
        Pressures pressures = new Pressures(
                OptionalDouble.of(last.running()
                        / learned.limits.slots(policy, last.ranks().size())),
                OptionalDouble.of(formulas.waiting() / capacity.requests()),
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
                inflow(formulas));
    }

    /** Counted as the engine does, so that nothing is lost between two that ask. */
    private Optional<Inflow> inflow(Formulas formulas) {
        OptionalDouble price = learned.price.each();
        if (price.isEmpty() || last.successes().isEmpty()) {
            return Optional.empty();
        }
        double came = last.successes().getAsDouble()
                + last.running()
                + last.waiting()
                + last.server().rejections().orElse(0)
                - own.sent();
        return Optional.of(new Inflow(
                at, came, formulas.arrivalRate(), price.getAsDouble() / formulas.within(), formulas.staySeconds()));
    }

    private static OptionalDouble against(OptionalDouble seen, Optional<Duration> slo) {
        return seen.isPresent() && slo.isPresent()
                ? OptionalDouble.of(seen.getAsDouble() / Formulas.seconds(slo.get()))
                : OptionalDouble.empty();
    }
}
