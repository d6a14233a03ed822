package dev.pilotlight.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A surge, seen by all pods of a pool together. Each pod is polled once a second, at a moment of its own; they are asked once a second. */
class PoolInflowTest {
    private static final Instant START = Instant.parse("2026-01-05T10:00:00Z");
    /** A pod at its fullest does 20 requests a second; each stays for 2 s then. */
    private static final double EACH = 0.05;

    private static final double STAY = 2;

    private final Map<String, Double> phases = new TreeMap<>();
    private final Map<String, Integer> came = new HashMap<>();
    private final Map<String, Inflow> read = new HashMap<>();
    private PoolInflow pool = PoolInflow.UNKNOWN;
    private Random random = new Random(1);
    private int tenths;

    private void pods(int count) {
        IntStream.range(0, count).forEach(i -> phases.put("pod-" + i, random.nextDouble()));
    }

    /** Tenth of a second by tenth; each pod believes what it always did. */
    private void tenth(double perPod, double believed) {
        for (String pod : phases.keySet()) {
            came.merge(pod, poisson(perPod / 10), Integer::sum);
            if (tenths % 10 == (int) (10 * phases.get(pod))) {
                Instant at = START.plusMillis(100L * tenths);
                read.put(pod, new Inflow(at, came.get(pod), believed, EACH, STAY));
            }
        }
        tenths++;
        if (tenths % 10 == 0) {
            pool = pool.advance(read);
        }
    }

    private double seconds(int seconds, double perPod, double believed) {
        double most = 0;
        for (int i = 0; i < 10 * seconds; i++) {
            tenth(perPod, believed);
            most = Math.max(most, pool.unseen(read.values()));
        }
        return most;
    }

    private int poisson(double mean) {
        double left = Math.exp(-mean);
        double drawn = random.nextDouble();
        int count = 0;
        while (drawn > left) {
            drawn *= random.nextDouble();
            count++;
        }
        return count;
    }

    @Test
    void addsNothingInSteadyTraffic() {
        pods(4);
        seconds(120, 8, 8);
        assertThat(seconds(3600, 8, 8)).isZero();
    }

    @Test
    void takesPodsThatFallSilentForNoSurge() {
        pods(5);
        seconds(120, 8, 8);
        for (String silent : List.of("pod-0", "pod-1", "pod-2")) {
            phases.remove(silent);
            read.remove(silent);
        }
        assertThat(seconds(60, 8, 8)).isZero();
    }

    @Test
    void showsATripledTrafficWithinTwoLooks() {
        double[] after = IntStream.range(0, 100)
                .mapToDouble(seed -> {
                    random = new Random(seed);
                    List.of(phases, came, read).forEach(Map::clear);
                    pool = PoolInflow.UNKNOWN;
                    tenths = 0;
                    pods(4);
                    seconds(120, 8, 8);
                    IntStream.range(0, random.nextInt(10)).forEach(_ -> tenth(8, 8));
                    int begin = tenths;
                    // From a load of 0.4 to 1.2: half of that is 0.8.
                    while (pool.unseen(read.values()) < 0.4 && tenths < begin + 100) {
                        tenth(24, 8);
                    }
                    return (tenths - begin) / 10.0;
                })
                .sorted()
                .toArray();
        assertThat(after[50]).as("median").isLessThan(1.7);
        assertThat(after[98]).as("99th percentile").isLessThan(2.6);
    }

    @Test
    void isHardlySlowerWhenTrafficSurgesEveryTenSeconds() {
        pods(4);
        seconds(120, 8, 8);
        double[] after = IntStream.range(0, 100)
                .mapToDouble(_ -> {
                    seconds(6, 8, 8);
                    IntStream.range(0, random.nextInt(10)).forEach(_ -> tenth(8, 8));
                    int begin = tenths;
                    while (pool.unseen(read.values()) < 0.4 && tenths < begin + 100) {
                        tenth(24, 8);
                    }
                    double took = (tenths - begin) / 10.0;
                    seconds(2, 24, 24);
                    return took;
                })
                .toArray();
        assertThat(Arrays.stream(after).skip(50).sorted().skip(25).findFirst().orElseThrow())
                .as("median of the second half")
                .isLessThan(2.2);
    }

    @Test
    void comesToTheLoadThatThePodsWillRead() {
        pods(4);
        seconds(120, 8, 8);
        seconds(20, 24, 8);
        assertThat(pool.unseen(read.values())).isCloseTo(16 * EACH, within(0.1));
        // Once they all do, there is nothing to add.
        seconds(2, 24, 24);
        assertThat(pool.unseen(read.values())).isZero();
    }

    @Test
    void isTheSameWhoeverTakesTheTraffic() {
        pods(4);
        seconds(120, 12, 12);
        pods(8);
        seconds(2, 6, 6);
        assertThat(seconds(60, 6, 6)).isZero();
    }

    @Test
    void leavesToTheOthersWhatTheyKnowOf() {
        pods(4);
        seconds(120, 8, 8);
        assertThat(pool.unseen(List.of(read.get("pod-0")))).isZero();
    }

    @Test
    void takesAnEngineThatCountsAgainAndAPodThatSaysNothingNewForNothing() {
        pods(4);
        seconds(120, 8, 8);
        came.put("pod-0", 0);
        phases.remove("pod-1");
        assertThat(seconds(5, 8, 8)).isZero();
    }

    @Test
    void callsAHandfulOfRequestsAtOnceNoSurge() {
        pods(4);
        seconds(600, 0.01, 0.01);
        came.merge("pod-0", 4, Integer::sum);
        // The slots that they take, no more.
        assertThat(seconds(5, 0, 0.01)).isLessThan(4 / STAY * EACH);
    }

    private static Inflow said(int second, double requests, double perSecond, double each, double stay) {
        return new Inflow(START.plusSeconds(second), requests, perSecond, each, stay);
    }

    @Test
    void believesNoPodThatIsFarOffFromTheOthers() {
        Map<String, Inflow> plausible = PoolInflow.plausible(Map.of(
                "a", said(0, 1, 20, 0.05, 2),
                "b", said(0, 2, 1e9, 7, 900),
                "c", said(0, 3, 200, 0.001, 0.01),
                "d", said(0, 4, 201, 0.05, 2)));
        assertThat(plausible)
                .isEqualTo(Map.of(
                        "a", said(0, 1, 20, 0.05, 2),
                        "b", said(0, 2, 200, 0.5, 20),
                        "c", said(0, 3, 200, 0.005, 0.2),
                        "d", said(0, 4, 200, 0.05, 2)));
        assertThat(PoolInflow.plausible(Map.of())).isEmpty();
    }

    @Test
    void takesTheSmallerOfTwoPodsForTheUsualOne() {
        assertThat(PoolInflow.plausible(Map.of("a", said(0, 0, 0, 1, 2), "b", said(0, 0, 0, 100, 200))))
                .containsEntry("a", said(0, 0, 0, 1, 2))
                .containsEntry("b", said(0, 0, 0, 10, 20));
    }

    @Test
    void boundsNoRateWhereNobodyKnowsWhatARequestCosts() {
        assertThat(PoolInflow.plausible(Map.of("a", said(0, 0, 1e6, 0, 0)))).containsEntry("a", said(0, 0, 1e6, 0, 0));
    }

    /** One pod that has counted 40 requests in so many seconds, of which each takes a twentieth of a second. */
    private static double countedAfter(int seconds, double requests) {
        return PoolInflow.UNKNOWN
                .advance(Map.of("a", said(0, 0, 0, EACH, 0)))
                .advance(Map.of("a", said(seconds, requests, 0, EACH, 0)))
                .rate()
                .perSecond();
    }

    @Test
    void countsFromOneReadingOfAPodToItsNext() {
        assertThat(countedAfter(2, 40)).isEqualTo(20);
        assertThat(countedAfter(60, 600)).isEqualTo(10);
        assertThat(countedAfter(61, 600))
                .as("a pod not heard for a minute is as good as new")
                .isZero();
        assertThat(countedAfter(-1, 40)).as("its clock was put back").isZero();
        assertThat(countedAfter(2, 1e9)).as("ten full pods at most").isEqualTo(200);
        assertThat(countedAfter(2, Double.NaN)).isZero();
    }

    @Test
    void saysByHowMuchMoreEachPodIsAboutToRead() {
        PoolInflow all = PoolInflow.UNKNOWN
                .advance(Map.of("a", said(0, 0, 10, 0.05, 0), "b", said(0, 0, 10, 0.05, 0)))
                .advance(Map.of("a", said(2, 60, 10, 0.05, 0), "b", said(2, 60, 10, 0.05, 0)));
        assertThat(all.unseen(all.last().values()))
                .as("each is about to read so much more")
                .isCloseTo((60 - 20) * 0.05 / 2, within(1e-9));
        assertThat(all.unseen(List.of())).isZero();
    }
}
