package dev.pilotlight.signal;

import java.util.Arrays;

/** The last eight days by the minute. Not a number where nothing was seen. */
final class Days {
    private static final int DAY = 1440;
    private static final int WEEK = 7 * DAY;
    private static final int MINUTES = 8 * DAY;
    /** The same time of another day is the mean of so many minutes on each side of it. */
    private static final int WINDOW = 5;

    static final Days UNKNOWN = unknown();

    /** By minute modulo their number. */
    private final float[] values;

    private Days(float[] values) {
        this.values = values;
    }

    private static Days unknown() {
        float[] values = new float[MINUTES];
        Arrays.fill(values, Float.NaN);
        return new Days(values);
    }

    Days with(long minute, double value) {
        float[] next = values.clone();
        next[index(minute)] = (float) value;
        return new Days(next);
    }

    double at(long minute) {
        return values[index(minute)];
    }

    double sameTimeOfDay(long minute) {
        double total = 0;
        int days = 0;
        for (int day = 1; day < 7; day++) {
            double one = around(minute - (long) day * DAY);
            if (!Double.isNaN(one)) {
                total += one;
                days++;
            }
        }
        return days == 0 ? Double.NaN : total / days;
    }

    double sameTimeOfWeek(long minute) {
        return around(minute - WEEK);
    }

    private double around(long minute) {
        double total = 0;
        for (long near = minute - WINDOW; near <= minute + WINDOW; near++) {
            total += at(near);
        }
        return total / (2 * WINDOW + 1);
    }

    private static int index(long minute) {
        return (int) Math.floorMod(minute, (long) MINUTES);
    }
}
