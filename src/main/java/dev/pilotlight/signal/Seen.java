package dev.pilotlight.signal;

/**
 * What the pod was seen to be under in the last service time: the truth, and how far it strays by chance.
 *
 * @param inUse share of what the pod can do, smoothed
 * @param square of it, smoothed alike
 * @param lately the same over a few seconds
 * @param arrivals requests per second, as late as what is seen
 * @param rejections requests per second that were turned away, smoothed
 */
record Seen(double inUse, double square, double lately, double arrivals, double rejections) {
    private static final double MEMORY_SECONDS = 15;
    private static final double LATELY_SECONDS = 5;
    /** Requests per second: one in half a minute, as it fades. */
    private static final double SOME_REJECTIONS = 0.01;
    /** Standard deviations that chance is allowed. */
    private static final double CHANCE = 1.25;

    static Seen begin(double inUse) {
        return new Seen(inUse, inUse * inUse, inUse, 0, 0);
    }

    /** @param elapsed since the last reading that said something */
    Seen advance(Interval seen, double elapsed, double inUseNow, double arrivalsNow, double staySeconds) {
        double pace = -Math.expm1(-seen.seconds() / MEMORY_SECONDS);
        double now = lately + (inUseNow - lately) * -Math.expm1(-seen.seconds() / LATELY_SECONDS);
        return new Seen(
                inUse + (inUseNow - inUse) * pace,
                square + (inUseNow * inUseNow - square) * pace,
                now,
                arrivals + (arrivalsNow - arrivals) * -Math.expm1(-seen.seconds() / (MEMORY_SECONDS + staySeconds)),
                rejections + (seen.requests().rejected() / elapsed - rejections) * pace);
    }

    /** Whether requests were turned away lately: how many more than fit would come, no queue tells then. */
    boolean turnsAway() {
        return rejections > SOME_REJECTIONS;
    }

    /** How far the smoothed share is off by chance: what is in use changes no faster than requests come and go. */
    double chance(double staySeconds) {
        double deviation = Math.sqrt(Math.max(0, square - inUse * inUse));
        double between = 1 + staySeconds;
        return CHANCE * deviation * Math.sqrt(between / (between + MEMORY_SECONDS));
    }
}
