package dev.pilotlight.signal;

import dev.pilotlight.engine.Histogram;
import dev.pilotlight.signal.Interval.Work;
import java.util.Optional;

/**
 * How much longer a step of the engine takes the more it holds: a line through what was seen, a few seconds at a time, fading over minutes.
 * A step lasts as long as a request waits for its next token; what it holds are the tokens that it generates and computes, and the KV
 * cache that it reads.
 *
 * <p>Traffic that never varies shows one point and no line: there, and until anything was seen, the proportions that all cards have in
 * common are believed.
 *
 * @param points what was seen, summed up
 * @param tokens generated since the last histogram
 * @param size what the step of each of them held, summed up
 * @param requests that ended meanwhile
 * @param seconds that this took
 * @param last the last histogram of the time between two tokens
 */
record StepTimes(Points points, double tokens, double size, double requests, double seconds, Optional<Histogram> last) {
    static final StepTimes UNKNOWN = new StepTimes(Points.NONE, 0, 0, 0, 0, Optional.empty());

    /** Cards are built to compute 150 to 300 tokens for as long as they read the weights. */
    private static final double TOKENS_OF_A_STEP = 200;

    private static final double POINTS_REMEMBERED = 180;
    /** By how much the time of a step strays from the line. */
    private static final double STRAYS = 0.027;
    /** By how much the believed proportion of a token to a step may be off. */
    private static final double DOUBT = 0.5;

    /** Fewer requests hold more or less by chance. */
    private static final double A_POINT_REQUESTS = 20;

    private static final double A_POINT_SECONDS = 20;
    /** One that waits so many times as long as half of all do waits for a stalled engine, which says nothing of its steps. */
    private static final double A_STALL = 40;
    /** An engine that is quicker by this factor than it was seen to be was held up all the time before. */
    private static final double FAR_QUICKER = 1.8;

    /**
     * @param step seconds of a step whatever it holds
     * @param token seconds for each token in it
     */
    record Line(double step, double token) {}

    /** Sums of what a step holds (size) and lasts (seconds). */
    record Points(double count, double size, double seconds, double sizeSquared, double sizeSeconds) {
        static final Points NONE = new Points(0, 0, 0, 0, 0);

        Points plus(double x, double y) {
            double keep = 1 - 1 / POINTS_REMEMBERED;
            return new Points(
                    count * keep + 1,
                    size * keep + x,
                    seconds * keep + y,
                    sizeSquared * keep + x * x,
                    sizeSeconds * keep + x * y);
        }

        /** Least squares, the slope leaning to what is believed as far as the points do not tell. */
        Line line() {
            double x = size / count;
            double y = seconds / count;
            double believed = y / (TOKENS_OF_A_STEP + x);
            double leaning = Math.pow(STRAYS * y / (DOUBT * believed), 2);
            double varies = Math.max(0, sizeSquared - count * x * x);
            double together = sizeSeconds - count * x * y;
            double token = Math.clamp((together + leaning * believed) / (varies + leaning), 0, 0.95 * y / x);
            return new Line(y - token * x, token);
        }
    }

    boolean isKnown() {
        return points.count > 0;
    }

    /** All zero until a step was seen. */
    Line line() {
        return isKnown() ? points.line() : new Line(0, 0);
    }

    /** Seconds of a token over those of a step. */
    double tokenOverStep() {
        return isKnown() ? line().token / line().step : 1 / TOKENS_OF_A_STEP;
    }

    /** A full cache takes about as long to read as the weights do; in tokens that could have been computed meanwhile. */
    static double reading(Work work, double cacheUse) {
        return TOKENS_OF_A_STEP * cacheUse * work.steps();
    }

    /** @param interToken where the page had it */
    StepTimes advance(Interval seen, Optional<Histogram> interToken) {
        if (seen.work().isEmpty()) {
            return this;
        }
        Work work = seen.work().get();
        double came = tokens + work.generated();
        double held = size + work.generated() * held(work, seen.cacheUse().orElse(0));
        double ended = requests + seen.requests().finished();
        double took = seconds + seen.seconds();
        boolean isPoint = ended >= A_POINT_REQUESTS || took >= A_POINT_SECONDS;
        if (interToken.isEmpty() || last.isPresent() && !isPoint) {
            return new StepTimes(points, came, held, ended, took, last);
        }
        Points next = last.isPresent() ? with(interToken.get().since(last.get()), held / came) : points;
        return new StepTimes(next, 0, 0, 0, 0, interToken);
    }

    private Points with(Histogram gaps, double x) {
        double step = gaps.mean().orElse(0);
        if (step <= 0 || !Double.isFinite(x) || stoodStill(gaps)) {
            return points;
        }
        boolean isQuicker = isKnown() && step < (line().step + line().token * x) / FAR_QUICKER;
        return (isQuicker ? Points.NONE : points).plus(x, step);
    }

    /** Requests of the sidecar are the first of a start, which wait for their kernels. */
    StepTimes without(Optional<Histogram> interToken) {
        return new StepTimes(points, 0, 0, 0, 0, interToken.or(() -> last));
    }

    /** What the step held that gave one of these tokens. A prompt that is computed while nobody else is in the batch makes nobody wait. */
    private static double held(Work work, double cacheUse) {
        if (work.steps() <= 0 || work.generated() <= 0) {
            return 0;
        }
        double batch = work.generated() / work.steps();
        double prompt = Math.max(0, work.prompt()) / work.steps();
        return batch + prompt * Math.clamp(batch - 1, 0, 1) + TOKENS_OF_A_STEP * cacheUse;
    }

    private static boolean stoodStill(Histogram gaps) {
        return gaps.quantile(1).orElse(0) > A_STALL * gaps.quantile(0.5).orElse(0);
    }
}
