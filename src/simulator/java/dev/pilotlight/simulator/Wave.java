package dev.pilotlight.simulator;

/** How many requests a second arrive, as a function of the seconds since the start. */
@FunctionalInterface
public interface Wave {
    double requestsPerSecond(double elapsedSeconds);

    static Wave constant(double perSecond) {
        return _ -> perSecond;
    }

    /** Rises to a peak, stays there, falls and is quiet, again and again; it begins with the rise. */
    record Tide(double riseSeconds, double highSeconds, double fallSeconds, double quietSeconds, double peak)
            implements Wave {
        public Tide {
            if (!(riseSeconds >= 0 && highSeconds >= 0 && fallSeconds >= 0 && quietSeconds >= 0 && peak >= 0)
                    || riseSeconds + highSeconds + fallSeconds + quietSeconds <= 0) {
                throw new IllegalArgumentException("a tide needs times and a peak of at least 0, and some time at all");
            }
        }

        @Override
        public double requestsPerSecond(double elapsedSeconds) {
            double at = elapsedSeconds % (riseSeconds + highSeconds + fallSeconds + quietSeconds);
            if (at < riseSeconds) {
                return peak * at / riseSeconds;
            }
            at -= riseSeconds;
            if (at < highSeconds) {
                return peak;
            }
            at -= highSeconds;
            return at < fallSeconds ? peak * (1 - at / fallSeconds) : 0;
        }
    }
}
