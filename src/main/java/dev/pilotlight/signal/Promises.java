package dev.pilotlight.signal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;

/**
 * What each method of the forecast has promised for the minutes to come, and how it kept what came due.
 *
 * @param open by method and minute modulo {@link #FARTHEST_MINUTES}; not a number where nothing was promised
 * @param scores by method
 * @param horizonMinutes how far ahead the promises are
 */
record Promises(List<float[]> open, List<Score> scores, int horizonMinutes) {
    static final int FARTHEST_MINUTES = 64;

    /** How a method promises. */
    @FunctionalInterface
    interface Method {
        double promise(int method, long due);
    }

    /**
     * How far a method was off, on the mean of about a day.
     *
     * @param ofNoChange how far off it was to promise the load as it is
     * @param count of promises that came due
     */
    record Score(double error, double ofNoChange, double count) {
        static final Score NONE = new Score(0, 0, 0);

        private static final double MINUTES = 1440;
        private static final int LEAST_COUNT = 60;
        private static final int LEAST_HORIZONS = 10;
        /** By how much a method has to beat "no change" before it is believed. */
        private static final double BELIEVED = 0.8;

        Score plus(double wasOffBy, double noChangeWasOffBy) {
            double weight = Math.max(1 / (count + 1), 1 / MINUTES);
            return new Score(
                    error + (wasOffBy - error) * weight,
                    ofNoChange + (noChangeWasOffBy - ofNoChange) * weight,
                    count + 1);
        }

        boolean isProved(int horizonMinutes) {
            return count >= Math.max(LEAST_COUNT, LEAST_HORIZONS * horizonMinutes) && error < BELIEVED * ofNoChange;
        }

        boolean isBetterThan(Score other) {
            return error / ofNoChange < other.error / other.ofNoChange;
        }
    }

    static Promises none(int methods, int horizonMinutes) {
        List<float[]> open = new ArrayList<>();
        for (int i = 0; i < methods; i++) {
            float[] nothing = new float[FARTHEST_MINUTES];
            Arrays.fill(nothing, Float.NaN);
            open.add(nothing);
        }
        return new Promises(List.copyOf(open), Collections.nCopies(methods, Score.NONE), horizonMinutes);
    }

    /** What each method says of the minute one horizon after this one, written beside its older promises. */
    Promises made(long minute, Method method) {
        long due = minute + horizonMinutes;
        List<float[]> next = new ArrayList<>(open.size());
        for (int i = 0; i < open.size(); i++) {
            float[] row = open.get(i).clone();
            row[index(due)] = (float) method.promise(i, due);
            next.add(row);
        }
        return new Promises(List.copyOf(next), scores, horizonMinutes);
    }

    /**
     * Holds what was promised for a minute against what came.
     *
     * @param known minutes without a break before it
     */
    Promises tallied(long minute, double value, Days shape, int known) {
        double before = shape.at(minute - horizonMinutes);
        double came = Math.exp(value);
        List<Score> next = new ArrayList<>(scores.size());
        for (int i = 0; i < scores.size(); i++) {
            double promised = open.get(i)[index(minute)];
            boolean isDue = known >= horizonMinutes && !Double.isNaN(promised) && !Double.isNaN(before);
            next.add(
                    isDue
                            ? scores.get(i).plus(Math.abs(Math.exp(promised) - came), Math.abs(Math.exp(before) - came))
                            : scores.get(i));
        }
        return new Promises(open, List.copyOf(next), horizonMinutes);
    }

    /** The best of the methods that have proved themselves; none until one has. */
    OptionalInt best() {
        OptionalInt best = OptionalInt.empty();
        for (int i = 0; i < scores.size(); i++) {
            if (scores.get(i).isProved(horizonMinutes)
                    && (best.isEmpty() || scores.get(i).isBetterThan(scores.get(best.getAsInt())))) {
                best = OptionalInt.of(i);
            }
        }
        return best;
    }

    private static int index(long minute) {
        return (int) Math.floorMod(minute, (long) FARTHEST_MINUTES);
    }
}
