package dev.pilotlight.engine;

/** What the engine's {@code /health} said. */
public sealed interface HealthAnswer {
    record Healthy() implements HealthAnswer {}

    /**
     * @param status the HTTP status, 300 or above: who sends us on does not say that the engine is well
     * @param said the beginning of the answer's body
     */
    record Unhealthy(int status, String said) implements HealthAnswer {
        public Unhealthy(int status) {
            this(status, "");
        }

        /**
         * Whether this may be how vLLM says that its engine core is gone: a bare 503 (entrypoints/serve/instrumentator/health.py), before
         * 2025-09 a 500. A server that says more has another reason, and 502 and 504 are a gateway's words.
         */
        public boolean isDead() {
            return status == 500 || status == 503 && said.isBlank();
        }
    }

    /** It serves nothing now, and says that this is on request: it neither loads nor is it dead. */
    record Held(OrderedStop order, String said) implements HealthAnswer {}

    /** Of several servers some are well and some are not: it is neither dead nor fit to serve. */
    record Partly(String why) implements HealthAnswer {}

    /** Nothing within the time-out, or not HTTP. */
    record NoAnswer() implements HealthAnswer {}

    /** What an answer of that status and body means. */
    static HealthAnswer of(int status, String said) {
        if (status < 300) {
            return new Healthy();
        }
        return OrderedStop.in(status, said)
                .<HealthAnswer>map(order -> new Held(order, said))
                .orElse(new Unhealthy(status, said));
    }
}
