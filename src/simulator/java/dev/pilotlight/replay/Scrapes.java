package dev.pilotlight.replay;

import java.util.Arrays;

/** What Prometheus has of one pod: the scrapes of the last minutes. */
final class Scrapes {
    private static final int KEPT = 64;
    private static final Series[] SERIES = Series.values();

    private final long[] at = new long[KEPT];
    private final double[][] values = new double[KEPT][SERIES.length];
    private int count;

    void take(Pod pod, long nowNanos) {
        int slot = count++ % KEPT;
        at[slot] = nowNanos;
        if (pod.batch() == null) {
            Arrays.fill(values[slot], Double.NaN);
            return;
        }
        for (Series series : SERIES) {
            values[slot][series.ordinal()] =
                    series.of(pod.batch(), pod.sidecar().picture(), PodSidecar.instant(nowNanos));
        }
    }

    /** Of the newest scrape; not a number if that did not bring the series: Prometheus marks it stale at once. */
    double newest(Series series, long asOfNanos) {
        int newest = newestBy(asOfNanos);
        return newest < 0 ? Double.NaN : values[newest % KEPT][series.ordinal()];
    }

    /** Per second over the window, as {@code rate()} without its extrapolation to the window's edges. */
    double rate(Series series, long windowNanos, long asOfNanos) {
        int newest = newestBy(asOfNanos);
        int oldest = newest;
        while (oldest - 1 >= Math.max(0, count - KEPT)
                && at[(oldest - 1) % KEPT] >= asOfNanos - windowNanos
                && !Double.isNaN(values[(oldest - 1) % KEPT][series.ordinal()])) {
            oldest--;
        }
        if (newest < 0 || oldest == newest) {
            return Double.NaN;
        }
        double rise = values[newest % KEPT][series.ordinal()] - values[oldest % KEPT][series.ordinal()];
        return rise / ((at[newest % KEPT] - at[oldest % KEPT]) * 1e-9);
    }

    /** The largest or the mean over the window. */
    double over(Series series, boolean mean, long windowNanos, long asOfNanos) {
        double sum = 0;
        double largest = Double.NaN;
        int seen = 0;
        for (int i = newestBy(asOfNanos); i >= Math.max(0, count - KEPT); i--) {
            double value = values[i % KEPT][series.ordinal()];
            if (at[i % KEPT] < asOfNanos - windowNanos) {
                break;
            }
            if (!Double.isNaN(value)) {
                sum += value;
                largest = Double.isNaN(largest) ? value : Math.max(largest, value);
                seen++;
            }
        }
        return seen == 0 ? Double.NaN : mean ? sum / seen : largest;
    }

    private int newestBy(long asOfNanos) {
        int newest = count - 1;
        while (newest >= Math.max(0, count - KEPT) && at[newest % KEPT] > asOfNanos) {
            newest--;
        }
        return newest < Math.max(0, count - KEPT) ? -1 : newest;
    }
}
