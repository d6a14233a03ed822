package dev.pilotlight.replay;

import dev.pilotlight.simulator.Batch;
import dev.pilotlight.simulator.ColdKernels;
import dev.pilotlight.simulator.Profile;
import dev.pilotlight.simulator.Request;
import dev.pilotlight.simulator.Served;
import java.util.random.RandomGenerator;

/** What one pod can take of a trace's mix, found by trying: for the oracle, and to choose the thresholds that need such a number. */
final class Capacities {
    private static final double TRIAL_SECONDS = 600;
    /** Requests that may break the objective in a trial. */
    private static final double ALLOWED = 0.01;

    private Capacities() {}

    /** Requests a second, arriving at random, that one pod serves within the objective. */
    static double requestsPerSecond(Arrivals mix, Profile profile, double sloSeconds) {
        double low = 0;
        double high = 0.5;
        while (high < 200 && keeps(mix, profile, sloSeconds, high)) {
            low = high;
            high *= 2;
        }
        for (int i = 0; i < 6; i++) {
            double middle = (low + high) / 2;
            if (keeps(mix, profile, sloSeconds, middle)) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private static boolean keeps(Arrivals mix, Profile profile, double sloSeconds, double rate) {
        RandomGenerator random = Generators.random(11);
        Batch batch = new Batch(profile.withColdKernels(ColdKernels.NONE));
        long late = 0;
        long all = 0;
        double at = 0;
        while (at < TRIAL_SECONDS) {
            at += -Math.log(1 - random.nextDouble()) / rate;
            int index = random.nextInt(mix.size());
            int output = Math.min(mix.outputTokens(index), profile.maxModelLen() / 2);
            int prompt = Math.min(mix.promptTokens(index), profile.maxModelLen() - output);
            batch.submit(Request.of(prompt, output), (long) (at * 1e9));
            all++;
        }
        long end = (long) ((TRIAL_SECONDS + 60) * 1e9);
        late += late(batch.advanceTo(end), sloSeconds);
        batch.abortAll(end);
        late += late(batch.advanceTo(end), sloSeconds);
        return late <= ALLOWED * all;
    }

    private static long late(Iterable<Served> answers, double sloSeconds) {
        long late = 0;
        for (Served answer : answers) {
            late += answer.timeToFirstTokenSeconds() > sloSeconds ? 1 : 0;
        }
        return late;
    }
}
