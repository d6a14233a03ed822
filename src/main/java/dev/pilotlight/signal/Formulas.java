package dev.pilotlight.signal;

import java.time.Duration;
import java.util.OptionalDouble;

/** The formulas of docs/load-formula.md, in its order and by its names: what follows from what the meter remembers. */
record Formulas(Load meter, SignalPolicy policy) {
    /** A limit by the time of a step is a line drawn further than it was seen. */
    private static final double CONFIDENCE_IN_A_STEP = 0.8;
    /** What is all taken for a while is taken by more than chance. */
    private static final double ALL_TAKEN = 0.95;
    /** A load beyond this is believed as far as the requests for it are there. */
    private static final double MOST_UNSEEN = 3;
    /** What fades never arrives at 0, and whoever rounds up would see a pod's worth. */
    private static final double IDLE = 1e-4;
    /** What a backlog alone may lift the load to: the pod is full, and more pods do not take back what queues here. */
    private static final double MOST_BY_BACKLOG = 1.08;

    /** λ, requests per second. */
    double arrivalRate() {
        return meter.arrivals().perSecond(staySeconds());
    }

    /** How long a request stays in a full pod. */
    double staySeconds() {
        return meter.learned().price().each().orElse(0) * capacity().requests();
    }

    /** C, and with an objective for the time between two tokens the batch whose step is as long as that allows, if that is less. */
    Capacity capacity() {
        Capacity physical = limit();
        Latency interToken = meter.latencies().interToken();
        if (policy.itlSlo().isEmpty() || !meter.learned().steps().isKnown()) {
            return physical;
        }
        double mean = interToken.mean().orElse(0);
        double slack = mean > 0 ? Math.max(1, interToken.p95().orElse(mean) / mean) : 1;
        StepTimes.Line line = meter.learned().steps().line();
        double perRequest = line.token() * meter.learned().latePrice().sizePerRequest();
        double step = seconds(policy.itlSlo().get()) / slack;
        double most = Math.max(1, (step - line.step()) / Math.max(perRequest, 1e-9)) * ranks();
        return most < physical.requests()
                ? new Capacity(most, Math.min(CONFIDENCE_IN_A_STEP, physical.confidence()), "inter-token SLO")
                : physical;
    }

    /** The lesser of slot limit and KV limit. */
    private Capacity limit() {
        return meter.learned().limits().capacity(meter.last(), meter.learned().price(), policy);
    }

    /** The share of what the pod can do that it did: what was taken, bent by the step line. */
    double inUse(Interval interval) {
        return inUse(interval.requests().running(), hidden(interval));
    }

    /**
     * @param running requests in the batch
     * @param hidden such as are in no gauge
     */
    double inUse(double running, double hidden) {
        Load.Learned learned = meter.learned();
        double most = limit().requests();
        double gauged =
                learned.limits().taken(meter.last(), running, learned.price().cacheShare(), policy);
        double share = bent(Math.min(1, gauged + hidden / most));
        boolean isByCache = limit().limit().equals(Limits.CACHE);
        return Math.min(1, share / (isByCache ? 1 - learned.price().lostWhereTheCacheIsFull() : 1));
    }

    /** What a batch that takes such a share of what there is to take does of the work of a full one (picture 1). */
    private double bent(double taken) {
        Load.Learned learned = meter.learned();
        double bend =
                learned.steps().tokenOverStep() * learned.latePrice().sizePerRequest() * limit().requests() / ranks();
        return taken * (1 + bend) / (1 + bend * taken);
    }

    /** Requests in the batch that are on no page: in its first step, which a long prompt makes long, nobody sees a request. */
    private double hidden(Interval interval) {
        if (interval.work().isEmpty()) {
            return 0;
        }
        StepTimes.Line line = meter.learned().steps().line();
        Interval.Requests seen = interval.requests();
        double entered = Math.max(0, seen.finished() + seen.running() - seen.before());
        double prompts = Math.max(0, interval.work().get().prompt());
        return (entered * line.step() + prompts * line.token()) / interval.seconds();
    }

    /** λ · price, as far as it does not contradict what was seen. */
    private double offered() {
        OptionalDouble price = meter.learned().price().each();
        if (price.isEmpty()) {
            return meter.seen().inUse();
        }
        double chance = meter.seen().chance(meter.learned().latePrice().staySeconds());
        double comes = arrivalRate() * price.getAsDouble();
        return Math.max(least(chance), Math.min(comes, most(chance, price.getAsDouble())));
    }

    /** What was seen, less chance. */
    private double least(double chance) {
        Seen seen = meter.seen();
        return seen.lately() >= ALL_TAKEN ? seen.lately() : Math.max(0, seen.inUse() - chance);
    }

    /** What was seen, and as much more as could still be on its way into the batch. Beyond full only the queue says how far. */
    private double most(double chance, double price) {
        Seen seen = meter.seen();
        if (meter.learned().limits().queueLasts(0) >= 1 || seen.turnsAway()) {
            return Double.POSITIVE_INFINITY;
        }
        double late = Math.min(price, meter.learned().latePrice().each().orElse(price));
        return seen.inUse() + chance + Math.max(0, arrivalRate() - seen.arrivals()) * late;
    }

    /** With an objective for the first token over the share of a pod at which that comes in time. */
    double load() {
        double load = loadBySlots() / within();
        return load < IDLE ? 0 : load;
    }

    double within() {
        return meter.learned().firstToken().within(policy.ttftSlo());
    }

    /** The greater of offered and, beside a queue that lasts, 1; plus backlog. */
    double loadBySlots() {
        double capacity = capacity().requests();
        double waiting = waiting();
        double there = (meter.last().running() + waiting) / capacity;
        double offered = Math.min(offered() / bent(capacity / limit().requests()), Math.max(MOST_UNSEEN, there));
        double work = waiting * meter.learned().price().each().orElse(1 / capacity);
        double lasts = meter.learned().limits().queueLasts(work);
        double backlog = work * lasts / seconds(policy.drainTime());
        return Math.max(offered, Math.min(MOST_BY_BACKLOG, Math.max(offered, lasts) + backlog));
    }

    /** What waits for a slot; a request that is deferred waits for its KV cache from another pod. */
    double waiting() {
        return Math.max(0, meter.last().waiting() - meter.last().deferred());
    }

    private int ranks() {
        return meter.last().ranks().size();
    }

    static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
