package dev.pilotlight.simulator;

/** What the steps of a profile last, in whole picoseconds: sums of them are exact, so no result depends on how often one asks. */
final class StepCost {
    static final long PICOS_PER_NANO = 1000;

    private final long step;
    private final long perSequence;
    private final long perContextToken;
    private final long perPromptToken;

    StepCost(Profile profile) {
        this.step = picos(profile.stepSeconds());
        this.perSequence = picos(profile.secondsPerSequence());
        this.perContextToken = picos(profile.secondsPerContextToken());
        this.perPromptToken = picos(profile.secondsPerPromptToken());
    }

    static long picos(double seconds) {
        return Math.round(seconds * 1e12);
    }

    static double seconds(long picos) {
        return picos * 1e-12;
    }

    long of(int decoding, long contextTokens, int promptTokens) {
        return step + decoding * perSequence + contextTokens * perContextToken + promptTokens * perPromptToken;
    }

    /** By how much each step of the same requests is longer than the one before: every context has grown by a token. */
    long growth(int decoding) {
        return decoding * perContextToken;
    }

    /** What {@code steps} steps last together, if the first lasts {@code first}. */
    static long total(long first, long growth, long steps) {
        return steps * first + growth * (steps * (steps - 1) / 2);
    }

    /** How many steps, {@code most} at most, end within {@code picos}. */
    static int stepsWithin(long picos, long first, long growth, int most) {
        if (most == 0 || picos < first) {
            return 0;
        }
        if (total(first, growth, most) <= picos) {
            return most;
        }
        double b = first - growth / 2.0;
        double guess = growth == 0 ? (double) picos / first : (Math.sqrt(b * b + 2.0 * growth * picos) - b) / growth;
        int steps = (int) Math.min(guess, most);
        while (steps > 0 && total(first, growth, steps) > picos) {
            steps--;
        }
        while (steps < most && total(first, growth, steps + 1) <= picos) {
            steps++;
        }
        return steps;
    }
}
