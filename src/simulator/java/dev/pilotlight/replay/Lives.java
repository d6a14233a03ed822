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
