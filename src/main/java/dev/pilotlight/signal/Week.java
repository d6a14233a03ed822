package dev.pilotlight.signal;

import java.util.Arrays;

/** The last seven days by the minute. */
final class Week {
    private static final int DAY = 1440;
    private static final int MINUTES = 7 * DAY;
    /** The mean of so many minutes on each side: traffic is not punctual, and one minute is noise. */
    private static final int AROUND = 5;

    static final Week UNKNOWN = unknown();

    /** By minute modulo their number; not a number where nothing was seen. */
    private final float[] values;

    private Week(float[] values) {
        this.values = values;
    }

    private static Week unknown() {
        float[] values = new float[MINUTES];
        Arrays.fill(values, Float.NaN);
        return new Week(values);
    }

    Week with(long minute, double seen) {
        float[] next = values.clone();
        next[index(minute)] = (float) seen;
        return new Week(next);
    }

    /** What was seen a week before; the day before, as long as there is no such; not a number where that was not seen either. */
    double before(long minute) {
        double weekAgo = around(minute - MINUTES);
        return Double.isNaN(weekAgo) ? around(minute - DAY) : weekAgo;
    }

    private double around(long minute) {
        double sum = 0;
        for (long near = minute - AROUND; near <= minute + AROUND; near++) {
            sum += values[index(near)];
        }
        return sum / (2 * AROUND + 1);
    }

    private static int index(long minute) {
        return (int) Math.floorMod(minute, (long) MINUTES);
    }
}
