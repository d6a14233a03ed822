package dev.pilotlight.replay;

import java.util.random.RandomGenerator;

/** How the rate of a trace goes over time: a factor by which it is played faster or slower. */
@FunctionalInterface
interface Shape {
    double at(double seconds);

    static Shape constant(double factor) {
        return _ -> factor;
    }

    /** One wave from the trough at 0 over the peak in the middle. */
    static Shape day(double trough, double peak, double lengthSeconds) {
        return t -> (trough + peak) / 2 - (peak - trough) / 2 * Math.cos(2 * Math.PI * t / lengthSeconds);
    }

    /** The same with a longer night: the quiet hours are more than the busy ones, as where users share a time zone. */
    static Shape skewedDay(double trough, double peak, double lengthSeconds) {
        return t -> trough + (peak - trough) * Math.pow((1 - Math.cos(2 * Math.PI * t / lengthSeconds)) / 2, 1.5);
    }

    /** Seven days; the last two are half as busy. */
    static Shape week(double trough, double peak, double daySeconds) {
        Shape day = skewedDay(trough, peak, daySeconds);
        return t -> t % (7 * daySeconds) < 5 * daySeconds ? day.at(t) : trough + (day.at(t) - trough) / 2;
    }

    /** Rises and falls linearly between 0 and the end. */
    static Shape ramp(double from, double to, double fromSeconds, double toSeconds) {
        return t -> from + (to - from) * Math.clamp((t - fromSeconds) / (toSeconds - fromSeconds), 0, 1);
    }

    /** Goes nowhere in particular: the logarithm takes a random step each minute, by a little drawn back to the mean. */
    static Shape wandering(double mean, double stepPerMinute, double lengthSeconds, long seed) {
        RandomGenerator random = Generators.random(seed);
        double[] walk = new double[(int) (lengthSeconds / 60) + 2];
        for (int i = 1; i < walk.length; i++) {
            walk[i] = 0.99 * walk[i - 1] + stepPerMinute * random.nextGaussian();
        }
        return t -> {
            int minute = (int) Math.min(walk.length - 2, t / 60);
            return mean * Math.exp(walk[minute] + (walk[minute + 1] - walk[minute]) * (t / 60 - minute));
        };
    }

    /** Another level from a moment on. */
    default Shape step(double fromSeconds, double factor) {
        return t -> t < fromSeconds ? at(t) : at(t) * factor;
    }

    /** A crowd on top: comes within {@code riseSeconds}, stays, and goes as fast. */
    default Shape burst(double fromSeconds, double lengthSeconds, double riseSeconds, double factor) {
        return t -> {
            double in = Math.clamp((t - fromSeconds) / riseSeconds, 0, 1);
            double out = Math.clamp((fromSeconds + lengthSeconds - t) / riseSeconds, 0, 1);
            return at(t) * (1 + (factor - 1) * Math.min(in, out));
        };
    }
}
