package dev.pilotlight.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The mean and the quantiles of a window, as Prometheus would compute them. */
class HistogramTest {
    private static final double INFINITE = Double.POSITIVE_INFINITY;

    private static Histogram histogram(double sum, double... boundsAndCounts) {
        int size = boundsAndCounts.length / 2;
        double[] bounds = Arrays.copyOf(boundsAndCounts, size);
        double[] cumulative = Arrays.copyOfRange(boundsAndCounts, size, 2 * size);
        return new Histogram(bounds, cumulative, sum, cumulative[size - 1]);
    }

    @Nested
    class AQuantile {
        @Test
        void liesWithinItsBucketInProportion() {
            // 10 up to 1 s, 10 more up to 2 s: rank 15 of 20 is in the middle of the second bucket
            assertThat(histogram(0, 1, 2, INFINITE, 10, 20, 20).quantile(0.75)).hasValue(1.5);
        }

        @Test
        void startsAtZeroInTheFirstBucket() {
            assertThat(histogram(0, 4, INFINITE, 10, 10).quantile(0.5)).hasValue(2);
        }

        @Test
        void isTheLastFiniteBoundWhereItLiesBeyondThat() {
            assertThat(histogram(0, 1, 2, INFINITE, 0, 1, 100).quantile(0.95)).hasValue(2);
        }

        @Test
        void skipsEmptyBuckets() {
            assertThat(histogram(0, 1, 2, 3, INFINITE, 0, 0, 10, 10).quantile(0.5))
                    .hasValue(2.5);
        }

        @Test
        void isAbsentOfNothing() {
            assertThat(histogram(0, 1, INFINITE, 0, 0).quantile(0.95)).isEmpty();
        }

        @Test
        void isAbsentWhereAllIsInfinite() {
            assertThat(histogram(9, INFINITE, 9).quantile(0.95)).isEmpty();
        }

        @Test
        void isAbsentOfNoBuckets() {
            assertThat(new Histogram(new double[0], new double[0], 0, 0).quantile(0.5))
                    .isEmpty();
        }

        @Test
        void risesWithItsShareAndStaysBetweenTheBounds() {
            long seed = 20261124;
            Random random = new Random(seed);
            for (int round = 0; round < 500; round++) {
                double[] bounds = {0.1, 0.5, 1, 5, INFINITE};
                double[] cumulative = new double[bounds.length];
                double total = 0;
                for (int i = 0; i < bounds.length; i++) {
                    total += random.nextInt(20);
                    cumulative[i] = total;
                }
                Histogram histogram = new Histogram(bounds, cumulative, 0, total);
                double before = 0;
                for (double share = 0.05; share < 1; share += 0.05) {
                    OptionalDouble quantile = histogram.quantile(share);
                    assertThat(quantile.isPresent())
                            .as("seed %d, round %d", seed, round)
                            .isEqualTo(total > 0);
                    assertThat(quantile.orElse(before))
                            .as("seed %d, round %d, share %s of %s", seed, round, share, histogram)
                            .isBetween(before, 5.0);
                    before = quantile.orElse(before);
                }
            }
        }
    }

    @Nested
    class AWindow {
        private static final Histogram EARLIER = histogram(10, 1, 2, INFINITE, 5, 10, 10);

        @Test
        void holdsWhatCameInSince() {
            assertThat(histogram(16, 1, 2, INFINITE, 5, 12, 14).since(EARLIER))
                    .isEqualTo(histogram(6, 1, 2, INFINITE, 0, 2, 4));
        }

        @Test
        void isEmptyWhenNothingCameIn() {
            assertThat(EARLIER.since(EARLIER)).satisfies(nothing -> {
                assertThat(nothing).isEqualTo(histogram(0, 1, 2, INFINITE, 0, 0, 0));
                assertThat(nothing.mean()).isEmpty();
                assertThat(nothing.quantile(0.5)).isEmpty();
            });
        }

        @Test
        void isEverythingAfterAReset() {
            Histogram afterReset = histogram(1, 1, 2, INFINITE, 2, 3, 3);
            assertThat(afterReset.since(EARLIER)).isEqualTo(afterReset);
        }

        @Test
        void isEverythingWhenTheBucketsChanged() {
            Histogram other = histogram(100, 1, 3, INFINITE, 50, 60, 60);
            assertThat(other.since(EARLIER)).isEqualTo(other);
        }

        @Test
        void neverHoldsLessThanNothing() {
            // one of two ranks was reset: some buckets stand lower although the count stands higher
            assertThat(histogram(9, 1, 2, INFINITE, 3, 11, 12).since(EARLIER))
                    .isEqualTo(new Histogram(new double[] {1, 2, INFINITE}, new double[] {0, 1, 2}, 0, 2));
        }
    }

    @Test
    void hasTheMeanOfItsObservations() {
        assertThat(histogram(6, 1, INFINITE, 3, 4).mean().orElseThrow()).isCloseTo(1.5, within(1e-12));
    }

    @Test
    void refusesBucketsWithoutBounds() {
        assertThatThrownBy(() -> new Histogram(new double[1], new double[2], 0, 0))
                .hasMessage("1 bounds for 2 buckets");
    }
}
