package dev.pilotlight.simulator;

/** The counters and histograms that a vLLM engine publishes, counted where vLLM counts them. */
public final class Tallies {
    private final long[] ended = new long[Finish.values().length];
    long promptTokens;
    long cachedPromptTokens;
    long generationTokens;
    long preemptions;
    long prefixQueries;
    long prefixHits;
    final Histogram requestPromptTokens;
    final Histogram requestGenerationTokens;
    final Histogram requestMaxTokens;
    final Histogram requestPrefillComputedTokens;
    final Histogram iterationTokens = new Histogram(Buckets.ITERATION_TOKENS);
    final Histogram requestN = new Histogram(Buckets.PARAMS_N);
    final Histogram requestPreemptions = new Histogram(Buckets.PREEMPTIONS);
    final Histogram timeToFirstToken = new Histogram(Buckets.FIRST_TOKEN);
    final Histogram interTokenLatency = new Histogram(Buckets.PER_TOKEN);
    final Histogram requestTimePerOutputToken = new Histogram(Buckets.PER_TOKEN);
    final Histogram endToEnd = new Histogram(Buckets.PER_REQUEST);
    final Histogram queueTime = new Histogram(Buckets.PER_REQUEST);
    final Histogram inferenceTime = new Histogram(Buckets.PER_REQUEST);
    final Histogram prefillTime = new Histogram(Buckets.PER_REQUEST);
    final Histogram decodeTime = new Histogram(Buckets.PER_REQUEST);

    Tallies(int maxModelLen) {
        double[] tokens = Buckets.upTo(maxModelLen);
        requestPromptTokens = new Histogram(tokens);
        requestGenerationTokens = new Histogram(tokens);
        requestMaxTokens = new Histogram(tokens);
        requestPrefillComputedTokens = new Histogram(tokens);
    }

    /** Requests that ended in this way. */
    public long ended(Finish finish) {
        return ended[finish.ordinal()];
    }

    /** Requests that ended, however. */
    public long ended() {
        long total = 0;
        for (long one : ended) {
            total += one;
        }
        return total;
    }

    public long promptTokens() {
        return promptTokens;
    }

    public long generationTokens() {
        return generationTokens;
    }

    public long preemptions() {
        return preemptions;
    }

    /** Prompt tokens that the prefix cache saved. */
    public long prefixHits() {
        return prefixHits;
    }

    /** Tokens generated for requests that have ended. */
    public double answeredTokens() {
        return requestGenerationTokens.sum();
    }

    /** Steps taken. */
    public long steps() {
        return iterationTokens.count();
    }

    public Histogram timeToFirstToken() {
        return timeToFirstToken;
    }

    public Histogram interTokenLatency() {
        return interTokenLatency;
    }

    public Histogram endToEnd() {
        return endToEnd;
    }

    public Histogram queueTime() {
        return queueTime;
    }

    void end(Served served, int cachedTokens) {
        ended[served.finish().ordinal()]++;
        requestPromptTokens.observe(served.request().promptTokens());
        requestGenerationTokens.observe(served.generatedTokens());
        requestMaxTokens.observe(served.request().maxTokens());
        requestPrefillComputedTokens.observe(served.request().promptTokens() - cachedTokens);
        requestN.observe(1);
        requestPreemptions.observe(served.preemptions());
        endToEnd.observe(served.latencySeconds());
        queueTime.observe((served.scheduledNanos() - served.arrivedNanos()) * 1e-9);
        inferenceTime.observe((served.endedNanos() - served.scheduledNanos()) * 1e-9);
        prefillTime.observe((served.firstTokenNanos() - served.scheduledNanos()) * 1e-9);
        double decodeSeconds = (served.endedNanos() - served.firstTokenNanos()) * 1e-9;
        decodeTime.observe(decodeSeconds);
        requestTimePerOutputToken.observe(
                served.generatedTokens() > 1 ? decodeSeconds / (served.generatedTokens() - 1) : 0);
    }
}
