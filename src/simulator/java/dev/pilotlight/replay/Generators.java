package dev.pilotlight.replay;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Makes traffic: plays a trace at another pace, or draws one from seeded chance. */
final class Generators {
    /**
     * Quantiles (0 to 1 in steps of 1/20) of prompt and output tokens of the Azure LLM inference trace 2023, conversation: what the
     * stand-in is drawn from.
     */
    private static final int[] CONVERSATION_PROMPTS = {
        2, 181, 207, 372, 387, 396, 403, 414, 703, 984, 1020, 1045, 1071, 1097, 1130, 1189, 1315, 1877, 2735, 4083, 6000
    };

    private static final int[] CONVERSATION_OUTPUTS = {
        7, 41, 54, 67, 77, 85, 91, 96, 103, 113, 129, 151, 177, 217, 384, 395, 400, 411, 424, 451, 1000
    };
    /** Requests a second of that trace, and how much its minutes differ. */
    private static final double CONVERSATION_RATE = 5.53;

    private static final double CONVERSATION_SECONDS = 3501.7;

    private Generators() {}

    /** Plays {@code trace} again and again for so long, at each moment by the factor of {@code shape} faster than recorded. */
    static Arrivals shaped(Arrivals trace, Shape shape, double lengthSeconds, String name) {
        Arrivals.Builder result = Arrivals.builder(name);
        double stepSeconds = 0.1;
        double traceSeconds = trace.endNanos() * 1e-9;
        double position = 0;
        int next = 0;
        double round = 0;
        for (int i = 0; i * stepSeconds < lengthSeconds; i++) {
            double from = i * stepSeconds;
            double factor = shape.at(from + stepSeconds / 2);
            double to = position + factor * stepSeconds;
            while (true) {
                double at = round * traceSeconds + trace.atNanos(next) * 1e-9;
                if (at >= to) {
                    break;
                }
                double when = from + (at - position) / factor;
                result.add((long) (when * 1e9), trace.promptTokens(next), trace.outputTokens(next));
                if (++next == trace.size()) {
                    next = 0;
                    round++;
                }
            }
            position = to;
        }
        return result.endingAt((long) (lengthSeconds * 1e9));
    }

    /** A trace with the statistics of the Azure conversation trace, for where that file is not at hand. */
    static Arrivals conversationStandIn(long seed) {
        RandomGenerator random = random(seed);
        Arrivals.Builder result = Arrivals.builder("conversation stand-in");
        double at = 0;
        while (true) {
            // The recorded hour rises to one and a half times its mean in the middle and falls again.
            double rate = CONVERSATION_RATE * (1 - 0.25 * Math.cos(2 * Math.PI * at / CONVERSATION_SECONDS));
            at += -Math.log(1 - random.nextDouble()) / rate;
            if (at >= CONVERSATION_SECONDS) {
                return result.endingAt((long) (CONVERSATION_SECONDS * 1e9));
            }
            result.add((long) (at * 1e9), drawn(CONVERSATION_PROMPTS, random), drawn(CONVERSATION_OUTPUTS, random));
        }
    }

    /** Requests of about these lengths, at random moments, one a second on average. */
    static Arrivals poisson(long seed, double ratePerSecond, double seconds, int promptTokens, int outputTokens) {
        RandomGenerator random = random(seed);
        Arrivals.Builder result = Arrivals.builder("poisson");
        double at = 0;
        while (true) {
            at += -Math.log(1 - random.nextDouble()) / ratePerSecond;
            if (at >= seconds) {
                return result.endingAt((long) (seconds * 1e9));
            }
            result.add((long) (at * 1e9), spread(promptTokens, random), spread(outputTokens, random));
        }
    }

    /** Each minute has a rate of its own: every other one none, the rest up to ten times the mean. */
    static Arrivals stopAndGo(long seed, double ratePerSecond, double seconds, int promptTokens, int outputTokens) {
        RandomGenerator random = random(seed);
        Arrivals.Builder result = Arrivals.builder("stop and go");
        for (double minute = 0; minute < seconds; minute += 60) {
            double rate =
                    random.nextBoolean() ? 0 : Math.min(10, -2 * Math.log(1 - random.nextDouble())) * ratePerSecond;
            double at = minute;
            while (rate > 0) {
                at += -Math.log(1 - random.nextDouble()) / rate;
                if (at >= Math.min(seconds, minute + 60)) {
                    break;
                }
                result.add((long) (at * 1e9), spread(promptTokens, random), spread(outputTokens, random));
            }
        }
        return result.endingAt((long) (seconds * 1e9));
    }

    /** From one mix of requests to another, smoothly between two moments: the share of the second grows from 0 to 1. */
    static Arrivals mixShift(
            Arrivals before, Arrivals after, double fromSeconds, double toSeconds, long seed, String name) {
        RandomGenerator random = random(seed);
        Arrivals.Builder result = Arrivals.builder(name);
        add(result, before, random, t -> 1 - Math.clamp((t - fromSeconds) / (toSeconds - fromSeconds), 0, 1));
        add(result, after, random, t -> Math.clamp((t - fromSeconds) / (toSeconds - fromSeconds), 0, 1));
        return result.endingAt(Math.max(before.endNanos(), after.endNanos()));
    }

    /** Each request of {@code trace} with the probability that {@code share} gives for its moment. */
    private static void add(Arrivals.Builder result, Arrivals trace, RandomGenerator random, Shape share) {
        for (int i = 0; i < trace.size(); i++) {
            if (random.nextDouble() < share.at(trace.atNanos(i) * 1e-9)) {
                result.add(trace.atNanos(i), trace.promptTokens(i), trace.outputTokens(i));
            }
        }
    }

    private static int drawn(int[] quantiles, RandomGenerator random) {
        double position = random.nextDouble() * (quantiles.length - 1);
        int below = (int) position;
        return (int) Math.round(quantiles[below] + (position - below) * (quantiles[below + 1] - quantiles[below]));
    }

    /** A long-tailed length around its mean: lognormal with a coefficient of variation of 0.8. */
    private static int spread(int mean, RandomGenerator random) {
        double sigma = Math.sqrt(Math.log(1 + 0.8 * 0.8));
        return (int) Math.max(1, Math.round(mean * Math.exp(sigma * random.nextGaussian() - sigma * sigma / 2)));
    }

    static RandomGenerator random(long seed) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }
}
