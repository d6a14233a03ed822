package dev.pilotlight.simulator;

/** A request inside a {@link Batch}: where it stands. */
public final class Sequence {
    enum Stage {
        WAITING,
        PREFILLING,
        DECODING,
        ENDED
    }

    final Request request;
    final long arrivedPicos;
    Stage stage = Stage.WAITING;
    /** How it ended; null before. */
    Finish finish;

    boolean abortAsked;
    /** Tokens whose prefill this stay in the batch needs: the prompt, and after a preemption also what was generated before. */
    int prefillTokens;

    int prefilled;
    int cachedTokens;
    /** Tokens generated up to the step {@link #joinedStep}; while decoding there is one more for each step since. */
    int generatedAtJoin;

    long joinedStep;
    long finishStep;
    int preemptions;
    long scheduledPicos = -1;
    long firstTokenPicos = -1;
    long lastTokenPicos;
    Sequence previous;
    Sequence next;

    Sequence(Request request, long arrivedPicos) {
        this.request = request;
        this.arrivedPicos = arrivedPicos;
        this.prefillTokens = request.promptTokens();
    }

    int generated(long step) {
        return stage == Stage.DECODING ? generatedAtJoin + (int) (step - joinedStep) : generatedAtJoin;
    }

    /** Tokens that it holds in the KV cache; a prefill holds all it will compute from the start. */
    int held(long step) {
        return stage == Stage.DECODING ? prefillTokens + (int) (step - joinedStep) : prefillTokens;
    }
}
