package dev.pilotlight.signal;

import java.util.ArrayList;
import java.util.List;

/**
 * The rate at which requests arrive, steady while the traffic is and quick when it changes: Bayesian online change-point detection
 * (Adams and MacKay 2007) over Poisson counts. Each hypothesis says "the rate has been the same for so long"; a count that an old
 * hypothesis can not explain shifts the weight to a young one within a poll or two. Bounded: {@link #MOST} hypotheses.
 *
 * @param hypotheses the oldest first; their weights are 1 together
 * @param burstiness variance of the counts over that of a Poisson process; at least 1
 * @param evenness how much less than that
 */
record ArrivalRate(List<Hypothesis> hypotheses, double burstiness, Evenness evenness) {
    static final ArrivalRate UNKNOWN = new ArrivalRate(List.of(), 1, Evenness.OF_CHANCE);

    /**
     * That the rate has been the same for so long.
     *
     * @param events requests since it last changed
     * @param seconds ago that it did
     */
    record Hypothesis(double events, double seconds, double weight) {
        private static final Hypothesis YOUNGEST = new Hypothesis(0, 0, 1);

        double perSecond() {
            return events / seconds;
        }

        /** Forgets what is older than its memory. */
        Hypothesis grown(double arrived, double elapsed, double burst, double likely) {
            double known = events + arrived;
            double since = seconds + elapsed;
            double memory = Math.clamp(
                    REQUESTS_REMEMBERED * burst * since / Math.max(known, 1e-9),
                    SHORTEST_MEMORY_SECONDS,
                    LONGEST_MEMORY_SECONDS);
            double forget = Math.min(1, memory / since);
            return new Hypothesis(known * forget, since * forget, likely);
        }
    }

    /**
     * Where a router deals requests out in turn or a client sends them by the clock, counts vary by less than chance: the less they do, the
     * less it takes to tell a step.
     *
     * @param index variance over mean: 1 by chance
     * @param came requests in the block under way
     * @param expected of it
     * @param blocks that the index is made of
     */
    record Evenness(double index, double came, double expected, double blocks) {
        /** Until it was seen, chance is taken for granted: as much as if so many blocks had said so. */
        static final Evenness OF_CHANCE = new Evenness(1, 0, 0, 30);

        /** Less says little of a variance: a request is there or not. */
        private static final double BLOCK_REQUESTS = 4;

        private static final double BLOCKS_REMEMBERED = 300;
        private static final double MOST_SURPRISE = 9;
        private static final double LEAST = 0.2;
        /** Three standard deviations: what came evenly no longer does, and that has to be learned at once. */
        private static final double IMPLAUSIBLE = 9;

        private static final double SOON_LEARNED = 8;
        /** Chance alone gives more than this. */
        private static final double CLEAR = 0.5;

        boolean isClear() {
            return index < CLEAR;
        }

        Evenness advance(double arrived, double foreseen) {
            double count = came + arrived;
            double mean = expected + foreseen;
            if (mean < BLOCK_REQUESTS) {
                return new Evenness(index, count, mean, blocks);
            }
            double surprise = Math.min(MOST_SURPRISE, (count - mean) * (count - mean) / mean);
            boolean isOver = isClear() && surprise > IMPLAUSIBLE * index;
            double known = isOver ? Math.min(blocks, SOON_LEARNED) : blocks;
            double next = index + (surprise - index) / (known + 1);
            return new Evenness(Math.max(LEAST, next), 0, 0, Math.min(BLOCKS_REMEMBERED, known + 1));
        }
    }

    private static final int MOST = 24;
    /** A change of traffic is expected once in so many seconds. */
    private static final double SECONDS_BETWEEN_CHANGES = 3600;
    /** The window is long enough for this many requests: the noise of a rate is 1 / sqrt(2 × this). */
    private static final double REQUESTS_REMEMBERED = 400;

    private static final double SHORTEST_MEMORY_SECONDS = 60;
    private static final double LONGEST_MEMORY_SECONDS = 600;
    private static final double BURSTINESS_MEMORY_SECONDS = 300;
    /** What is bursty is so most of the time: a rare great surprise is a change of the rate. */
    private static final double MOST_SURPRISE = 4;

    private static final double LEAST_WEIGHT = 1e-9;
    /** What a new rate may be before anything was counted: Jeffreys' prior, spread wide around the rate of before. */
    private static final double PRIOR_EVENTS = 0.5;

    private static final double PRIOR_SECONDS = 0.25;

    /** So many requests are a rate, however fast they came. */
    private static final double A_RATE = 8;

    private static final double HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

    double perSecond() {
        return perSecond(0);
    }

    /**
     * The same for who would act on it. A few requests at once are no rate yet: they are spread over the time that one stays, and so count
     * as the slots that they take.
     *
     * @param staySeconds how long a request stays in a full pod
     */
    double perSecond(double staySeconds) {
        double sum = 0;
        for (Hypothesis one : hypotheses) {
            double spread = staySeconds * Math.max(0, 1 - one.events / A_RATE);
            sum += one.weight * one.events / Math.max(one.seconds, spread);
        }
        return sum;
    }

    /** Of a part of those who were counted. */
    ArrivalRate times(double share) {
        return share == 1
                ? this
                : new ArrivalRate(
                        hypotheses.stream()
                                .map(one -> new Hypothesis(one.events * share, one.seconds, one.weight))
                                .toList(),
                        burstiness,
                        evenness);
    }

    ArrivalRate advance(double arrived, double elapsed) {
        double rate = perSecond();
        double varies = evenness.isClear() ? evenness.index() : burstiness;
        double priorSeconds = Math.min(PRIOR_SECONDS, PRIOR_EVENTS / Math.max(rate, 1e-9));
        int old = hypotheses.size();
        double[] likely = new double[old + 1];
        double stay = Math.exp(-elapsed / SECONDS_BETWEEN_CHANGES);
        double most = Double.NEGATIVE_INFINITY;
        for (int i = 0; i <= old; i++) {
            Hypothesis one = i < old ? hypotheses.get(i) : Hypothesis.YOUNGEST;
            double known = PRIOR_EVENTS + one.events / varies;
            double since = priorSeconds + one.seconds / varies;
            double before = i < old ? one.weight * stay : old == 0 ? 1 : 1 - stay;
            likely[i] = Math.log(before) + logLikelihood(arrived / varies, elapsed / varies, known, since);
            most = Math.max(most, likely[i]);
        }
        double total = 0;
        for (int i = 0; i <= old; i++) {
            likely[i] = Math.exp(likely[i] - most);
            total += likely[i];
        }
        double burst = old == 0 ? 1 : burstiness(likely, total, arrived, elapsed);
        Evenness even = old == 0 ? evenness : evenness.advance(arrived, rate * elapsed);
        return kept(likely, total, arrived, elapsed, burst, even);
    }

    /** The hypotheses worth keeping, grown by this interval. */
    private ArrivalRate kept(
            double[] likely, double total, double arrived, double elapsed, double burst, Evenness even) {
        int old = hypotheses.size();
        int drop = old < MOST ? -1 : leastOf(likely, old);
        double all = 0;
        for (int i = 0; i <= old; i++) {
            double weight = likely[i] / total;
            likely[i] = i == drop || weight < LEAST_WEIGHT && i < old ? 0 : weight;
            all += likely[i];
        }
        List<Hypothesis> kept = new ArrayList<>(old + 1);
        for (int i = 0; i <= old; i++) {
            if (likely[i] > 0 || i == old) {
                Hypothesis one = i < old ? hypotheses.get(i) : Hypothesis.YOUNGEST;
                kept.add(one.grown(arrived, elapsed, burst, likely[i] / all));
            }
        }
        return new ArrivalRate(List.copyOf(kept), burst, even);
    }

    /** The least likely of those that are neither the oldest nor the youngest. */
    private static int leastOf(double[] likely, int count) {
        int least = 1;
        for (int i = 1; i < count - 3; i++) {
            least = likely[i] < likely[least] ? i : least;
        }
        return least;
    }

    /** A count that a change of the rate explains is no surprise: traffic that surges often is not bursty for that. */
    private double burstiness(double[] likely, double total, double arrived, double elapsed) {
        double surprise = likely[hypotheses.size()] / total;
        for (int i = 0; i < hypotheses.size(); i++) {
            double expected = hypotheses.get(i).perSecond() * elapsed;
            double off = (arrived - expected) * (arrived - expected) / Math.max(expected, 1);
            surprise += likely[i] / total * Math.min(MOST_SURPRISE, off);
        }
        return Math.max(1, burstiness + (surprise - burstiness) * -Math.expm1(-elapsed / BURSTINESS_MEMORY_SECONDS));
    }

    /**
     * Of a count, under a rate of which so many events in so many seconds are known: negative binomial. What is the same for every rate
     * is left out, since only their proportions count.
     */
    private static double logLikelihood(double count, double elapsed, double known, double since) {
        return logGamma(known + count)
                - logGamma(known)
                + known * Math.log(since)
                - (known + count) * Math.log(since + elapsed);
    }

    /** Stirling's series from 8 on, shifted there by the recurrence; exact to 1e-9. */
    static double logGamma(double x) {
        if (!(x > 0)) {
            return Double.NaN;
        }
        double shift = 1;
        double at = x;
        // Eight turns at most.
        while (at < 8) {
            shift *= at;
            at++;
        }
        double inverse = 1 / (at * at);
        double series = (1.0 / 12 - inverse * (1.0 / 360 - inverse * (1.0 / 1260 - inverse / 1680))) / at;
        return (at - 0.5) * Math.log(at) - at + HALF_LOG_TWO_PI + series - (shift == 1 ? 0 : Math.log(shift));
    }
}
