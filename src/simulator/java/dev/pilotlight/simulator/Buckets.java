package dev.pilotlight.simulator;

/** Upper bounds of vLLM's histograms, as its 0.32 page shows them. */
final class Buckets {
    static final double[] ITERATION_TOKENS = {1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384};
    static final double[] PARAMS_N = {1, 2, 5, 10, 20};
    static final double[] PREEMPTIONS = {1, 2, 3, 4, 5, 10, 20};
    static final double[] FIRST_TOKEN = {
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560
    };
    static final double[] PER_TOKEN = {
        0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80
    };
    static final double[] PER_REQUEST = {
        0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680
    };
    static final double[] HTTP_FINE = {
        0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 7.5, 10, 30, 60
    };
    static final double[] HTTP_COARSE = {0.1, 0.5, 1};

    private Buckets() {}

    /** vLLM's bounds for token counts: 1, 2, 5 times the powers of ten, up to the longest context of the model. */
    static double[] upTo(int maxModelLen) {
        double[] bounds = new double[64];
        int count = 0;
        for (double power = 1; ; power *= 10) {
            for (double mantissa : new double[] {1, 2, 5}) {
                if (mantissa * power > maxModelLen) {
                    return java.util.Arrays.copyOf(bounds, count);
                }
                bounds[count++] = mantissa * power;
            }
        }
    }
}
