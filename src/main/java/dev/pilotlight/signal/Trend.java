package dev.pilotlight.signal;

import java.util.ArrayList;
import java.util.List;

/**
 * Holt's linear trend.
 *
 * @param slope per minute
 */
record Trend(double level, double slope) {
    /**
     * @param levelMinutes over which the level is smoothed
     * @param slopeMinutes over which the slope is
     */
    record Speed(double levelMinutes, double slopeMinutes) {}

    /** A beginning without a slope, for each speed. */
    static List<Trend> level(double level, List<Speed> speeds) {
        return speeds.stream().map(_ -> new Trend(level, 0)).toList();
    }

    /** The next minute's value, at each speed. */
    static List<Trend> follow(List<Trend> trends, double value, List<Speed> speeds) {
        List<Trend> next = new ArrayList<>(trends.size());
        for (int i = 0; i < trends.size(); i++) {
            next.add(trends.get(i).follow(value, speeds.get(i)));
        }
        return List.copyOf(next);
    }

    private Trend follow(double value, Speed speed) {
        double expected = level + slope;
        double nextLevel = expected + (value - expected) * pace(speed.levelMinutes());
        return new Trend(nextLevel, slope + (nextLevel - level - slope) * pace(speed.slopeMinutes()));
    }

    double ahead(int minutes) {
        return level + slope * minutes;
    }

    /** How far a value a minute moves what is smoothed over so many. */
    static double pace(double minutes) {
        return -Math.expm1(-1 / minutes);
    }
}
