package dev.pilotlight.signal;

import java.util.Arrays;
import java.util.Optional;

/**
 * What the engine's time goes into, learned while it serves: so many seconds for each step whatever it holds (reading the weights), for
 * each token generated, for each prompt token computed, and for each step times the share of the KV cache in use (attention).
 *
 * <p>Least squares over blocks of some seconds in which the engine was never idle, fading over minutes. It leans towards "steps cost, and
 * nothing else does": the less was learned, the nearer the load is to the plain share of places taken.
 *
 * @param products sums of products of the four quantities, row by row
 * @param targets sums of products of each quantity and the seconds
 * @param sums of the four quantities and, last, the seconds
 * @param block the quantities and seconds of the block under way
 * @param blocks how many blocks count, faded
 * @param costs as solved from these
 */
record StepCosts(
        double[] products, double[] targets, double[] sums, double[] block, double blocks, Optional<Costs> costs) {
    static final StepCosts UNKNOWN =
            new StepCosts(new double[16], new double[4], new double[5], new double[5], 0, Optional.empty());

    private static final int QUANTITIES = 4;
    /** Long prompts are counted when they are done: a block must be long against that. */
    private static final double BLOCK_SECONDS = 10;

    private static final double LEAST_BLOCK_SECONDS = 0.9;
    private static final double MEMORY_BLOCKS = 90;
    /** The weight of the leaning, in blocks: what 100 blocks agree on is moved by a percent of its own variation. */
    private static final double LEANING = 0.02;

    /** Seconds of one rank for each of them. */
    record Costs(double step, double token, double promptToken, double stepOfFullCache) {}

    /** As learned; until the first block is done, all time goes into the steps of the block under way. */
    Optional<Costs> best() {
        return costs.isPresent() || block[0] == 0
                ? costs
                : Optional.of(new Costs(block[QUANTITIES] / block[0], 0, 0, 0));
    }

    StepCosts advance(Interval seen) {
        if (!seen.counted() || !seen.busy() || seen.steps() <= 0) {
            return block[QUANTITIES] == 0 ? this : close(LEAST_BLOCK_SECONDS);
        }
        double cacheUse = seen.cacheUse().orElse(0);
        double[] grown = {
            block[0] + seen.steps(),
            block[1] + seen.generated(),
            block[2] + seen.prompt(),
            block[3] + cacheUse * seen.steps(),
            block[4] + seen.seconds() * seen.ranks()
        };
        StepCosts next = new StepCosts(products, targets, sums, grown, blocks, costs);
        return grown[QUANTITIES] < BLOCK_SECONDS * seen.ranks() ? next : next.close(0);
    }

    private StepCosts close(double leastSeconds) {
        double seconds = block[QUANTITIES];
        if (seconds < leastSeconds) {
            return new StepCosts(products, targets, sums, new double[5], blocks, costs);
        }
        double keep = 1 - 1 / MEMORY_BLOCKS;
        double[] p = new double[16];
        double[] t = new double[4];
        double[] s = new double[5];
        for (int i = 0; i < QUANTITIES; i++) {
            double x = Math.max(0, block[i]);
            for (int j = 0; j < QUANTITIES; j++) {
                p[4 * i + j] = products[4 * i + j] * keep + x * Math.max(0, block[j]);
            }
            t[i] = targets[i] * keep + x * seconds;
        }
        for (int i = 0; i <= QUANTITIES; i++) {
            s[i] = sums[i] * keep + Math.max(0, block[i]);
        }
        return new StepCosts(p, t, s, new double[5], blocks * keep + 1, Optional.of(solve(p, t, s, blocks * keep + 1)));
    }

    /** Ridge regression towards (seconds per step, 0, 0, 0), without negative costs. */
    private static Costs solve(double[] p, double[] t, double[] s, double blocks) {
        boolean[] used = {true, s[1] > 0, s[2] > 0, s[3] > 0};
        double plain = s[4] / s[0];
        while (true) {
            double[] x = solve(p, t, s, blocks, plain, used);
            int worst = -1;
            for (int i = 1; i < QUANTITIES; i++) {
                if (x[i] < 0 && (worst < 0 || x[i] * s[i] < x[worst] * s[worst])) {
                    worst = i;
                }
            }
            if (worst < 0) {
                return new Costs(Math.max(0, x[0]), x[1], x[2], x[3]);
            }
            used[worst] = false;
        }
    }

    /** Gauss elimination on the quantities in use, each scaled by its mean. */
    private static double[] solve(double[] p, double[] t, double[] s, double blocks, double plain, boolean[] used) {
        double[][] rows = new double[QUANTITIES][QUANTITIES + 1];
        for (int i = 0; i < QUANTITIES; i++) {
            double si = s[i] / blocks;
            for (int j = 0; j < QUANTITIES; j++) {
                rows[i][j] = used[i] && used[j] ? p[4 * i + j] / (si * s[j] / blocks) : 0;
            }
            rows[i][i] = used[i] ? rows[i][i] + LEANING : 1;
            rows[i][QUANTITIES] = used[i] ? t[i] / si + (i == 0 ? LEANING * plain * si : 0) : 0;
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
        for (int i = 0; i < QUANTITIES; i++) {
            x[i] = used[i] ? x[i] / (s[i] / blocks) : 0;
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
