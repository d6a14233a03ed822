package dev.pilotlight.signal;

import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What the engine's time goes into, learned while it serves: so many seconds for each step whatever it holds (reading the weights), for
 * each token generated, for each prompt token computed, and for each step times the share of the KV cache in use (attention).
 *
 * <p>Least squares over blocks of some seconds in which the engine was never idle, fading over minutes. Traffic that never varies holds
 * the batch at one size, and there the four can not be told apart: what the blocks do not say is taken from what they have in common on
 * every card, the proportions of {@link #BELIEVED}.
 *
 * @param products sums of products of the four quantities, row by row
 * @param targets sums of products of each quantity and the seconds
 * @param sums of the four quantities and, last, the seconds
 * @param block the quantities and seconds of the block under way
 * @param unsure the quantities and seconds of stretches in which the engine worked, but may have been idle, too; faded
 * @param costs as solved from the blocks
 */
record StepCosts(
        double[] products, double[] targets, double[] sums, double[] block, double[] unsure, Optional<Costs> costs) {
    static final StepCosts UNKNOWN =
            new StepCosts(new double[16], new double[4], new double[5], new double[5], new double[5], Optional.empty());

    private static final int QUANTITIES = 4;
    /** Long prompts are counted when they are done: a block must be long against that. */
    private static final double BLOCK_SECONDS = 10;

    private static final double LEAST_BLOCK_SECONDS = 0.9;
    private static final double MEMORY_BLOCKS = 90;
    /**
     * What a step takes whatever it holds is the reading of the weights. Computing a token takes about a 200th of that: cards are built to
     * compute with 150 to 300 tokens for as long as they read the weights. What the weights leave of the memory is the cache, and a full one
     * takes as long to read as they do, give or take a factor of three.
     */
    private static final Costs BELIEVED = new Costs(1, 1.0 / 200, 1.0 / 200, 1);
    /**
     * How far what a block holds strays by its edges, where prompts are half computed (0.27 s), over how far these proportions do (a half);
     * both squared. With less, that noise passes for a cost.
     */
    private static final double LEANING = 0.3;

    /** Seconds of one rank for each of them. */
    record Costs(double step, double token, double promptToken, double stepOfFullCache) {
        private Costs times(double factor) {
            return new Costs(step * factor, token * factor, promptToken * factor, stepOfFullCache * factor);
        }

        private double[] each() {
            return new double[] {step, token, promptToken, stepOfFullCache};
        }
    }

    /**
     * As learned; until the first block is done, as believed for the block under way. An engine that was never seen to work without a break
     * has steps as long as the time between tokens at most, and all that it did fitted into the time there was.
     *
     * @param interToken mean seconds, absent while unknown
     */
    Optional<Costs> best(OptionalDouble interToken) {
        if (costs.isPresent()) {
            return costs;
        }
        if (block[0] > 0) {
            return Optional.of(believed(block));
        }
        return interToken.orElse(0) > 0 && unsure[0] > 0
                ? Optional.of(BELIEVED.times(
                        Math.min(interToken.getAsDouble(), believed(unsure).step())))
                : Optional.empty();
    }

    /** In the proportions that are believed, together what was seen. */
    private static Costs believed(double[] sums) {
        double[] each = BELIEVED.each();
        double all = 0;
        for (int i = 0; i < QUANTITIES; i++) {
            all += each[i] * Math.max(0, sums[i]);
        }
        return BELIEVED.times(sums[QUANTITIES] / all);
    }

    StepCosts advance(Interval seen) {
        if (!seen.counted() || seen.steps() <= 0) {
            return pause(unsure, seen);
        }
        if (!seen.busy()) {
            return pause(sum(unsure, 1 - Math.min(1, seen.seconds() / (MEMORY_BLOCKS * BLOCK_SECONDS)), seen), seen);
        }
        double[] grown = sum(block, 1, seen);
        StepCosts next = new StepCosts(products, targets, sums, grown, unsure, costs);
        return grown[QUANTITIES] < BLOCK_SECONDS * seen.ranks() ? next : next.close(0, seen.ranks());
    }

    private StepCosts pause(double[] unsureNow, Interval seen) {
        StepCosts next = new StepCosts(products, targets, sums, block, unsureNow, costs);
        return block[QUANTITIES] == 0 ? next : next.close(LEAST_BLOCK_SECONDS, seen.ranks());
    }

    private static double[] sum(double[] before, double keep, Interval seen) {
        return new double[] {
            before[0] * keep + seen.steps(),
            before[1] * keep + seen.generated(),
            before[2] * keep + seen.prompt(),
            before[3] * keep + seen.cacheUse().orElse(0) * seen.steps(),
            before[4] * keep + seen.seconds() * seen.ranks()
        };
    }

    /** A short block is all edges: it counts by the square of its length, and makes the others fade no more than its length does. */
    private StepCosts close(double leastSeconds, int ranks) {
        double seconds = block[QUANTITIES];
        if (seconds < leastSeconds) {
            return new StepCosts(products, targets, sums, new double[5], unsure, costs);
        }
        double length = Math.min(1, seconds / (BLOCK_SECONDS * ranks));
        double keep = 1 - length / MEMORY_BLOCKS;
        double weight = length * length;
        double[] p = new double[16];
        double[] t = new double[4];
        double[] s = new double[5];
        for (int i = 0; i < QUANTITIES; i++) {
            double x = Math.max(0, block[i]);
            for (int j = 0; j < QUANTITIES; j++) {
                p[4 * i + j] = products[4 * i + j] * keep + weight * x * Math.max(0, block[j]);
            }
            t[i] = targets[i] * keep + weight * x * seconds;
        }
        for (int i = 0; i <= QUANTITIES; i++) {
            s[i] = sums[i] * keep + Math.max(0, block[i]);
        }
        return new StepCosts(p, t, s, new double[5], unsure, Optional.of(solve(p, t, believed(s))));
    }

    /** Ridge regression: each cost over the one believed leans to 1, and none is negative. */
    private static Costs solve(double[] p, double[] t, Costs believed) {
        double[] each = believed.each();
        boolean[] free = {true, true, true, true};
        // Each turn but the last fixes one of them at 0; what is no number ends it, too.
        for (int turn = 0; turn <= QUANTITIES; turn++) {
            double[] x = solve(p, t, each, free);
            int worst = 0;
            for (int i = 1; i < QUANTITIES; i++) {
                worst = x[i] < x[worst] ? i : worst;
            }
            if (x[worst] >= 0) {
                return new Costs(x[0] * each[0], x[1] * each[1], x[2] * each[2], x[3] * each[3]);
            }
            free[worst] = false;
        }
        return believed;
    }

    /** Gauss elimination; what is not free is 0. */
    private static double[] solve(double[] p, double[] t, double[] each, boolean[] free) {
        double[][] rows = new double[QUANTITIES][QUANTITIES + 1];
        for (int i = 0; i < QUANTITIES; i++) {
            for (int j = 0; j < QUANTITIES; j++) {
                rows[i][j] = free[i] && free[j] ? p[4 * i + j] * each[i] * each[j] : 0;
            }
            rows[i][i] += LEANING;
            rows[i][QUANTITIES] = free[i] ? t[i] * each[i] + LEANING : 0;
        }
        for (int i = 0; i < QUANTITIES; i++) {
            for (int k = i + 1; k < QUANTITIES; k++) {
                double factor = rows[k][i] / rows[i][i];
                for (int j = i; j <= QUANTITIES; j++) {
                    rows[k][j] -= factor * rows[i][j];
                }
            }
        }
        double[] x = new double[QUANTITIES];
        for (int i = QUANTITIES - 1; i >= 0; i--) {
            double rest = rows[i][QUANTITIES];
            for (int j = i + 1; j < QUANTITIES; j++) {
                rest -= rows[i][j] * x[j];
            }
            x[i] = rest / rows[i][i];
        }
        return x;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof StepCosts that
                && Arrays.equals(products, that.products)
                && Arrays.equals(targets, that.targets)
                && Arrays.equals(block, that.block);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(targets);
    }
}
