package dev.pilotlight.replay;

import java.util.random.RandomGenerator;

/**
 * How long a pod takes to come up, each stage drawn evenly from around its mean.
 *
 * @param nodeSeconds until there is a node: the pod is Pending
 * @param loadSeconds until the engine answers: the pod is Running
 * @param spread 0.15 draws each from 85 to 115 % of its mean
 */
public record Lives(double nodeSeconds, double loadSeconds, double spread) {
    /** What the warm-up takes about, after the engine answers. */
    static final double WARM_UP_SECONDS = 35;

    static final Lives SIX_MINUTES = lasting(360);

    /** From creation to ready, half of what is not the warm-up until there is a node. */
    static Lives lasting(double seconds) {
        double half = Math.max(0, seconds - WARM_UP_SECONDS) / 2;
        return new Lives(half, half, 0.15);
    }

    double totalSeconds() {
        return nodeSeconds + loadSeconds + WARM_UP_SECONDS;
    }

    long drawNode(RandomGenerator random) {
        return draw(nodeSeconds, random);
    }

    long drawLoad(RandomGenerator random) {
        return draw(loadSeconds, random);
    }

    private long draw(double mean, RandomGenerator random) {
        return Math.round(mean * (1 + spread * (2 * random.nextDouble() - 1)) * 1e9);
    }
}
