package dev.pilotlight.simulator;

import java.time.Duration;

/**
 * How a simulated engine is set up: the counterpart of the flags of {@code vllm serve}.
 *
 * @param port 0 takes a free one and keeps it over restarts
 * @param load how long the model takes to load; nothing listens meanwhile
 * @param restartAfter how long after its end the process is started again; negative for never
 * @param ranks data-parallel ranks, each an engine of its own
 * @param speed seconds of the model that pass in a second of real time
 * @param seed of the lengths of answers whose client sets no limit
 * @param drain {@code --shutdown-timeout}: how long SIGTERM waits for running requests; zero cuts them
 * @param maxQueued {@code --max-num-queued-reqs}: more waiting requests than this are turned away; 0 for no limit
 * @param pooling an embedding model: completions are 404
 * @param trackLoad {@code --enable-server-load-tracking}
 * @param surviveEngineDeath {@code VLLM_KEEP_ALIVE_ON_ENGINE_DEATH}: stays up and answers 503 for ever
 * @param apiKey guards {@code /v1/*}; empty for none
 * @param rootPath what all paths begin with; empty for none
 */
public record EngineOptions(
        String host,
        int port,
        Profile profile,
        String model,
        Duration load,
        Duration restartAfter,
        int ranks,
        double speed,
        long seed,
        PageOptions page,
        Filter filter,
        Duration drain,
        int maxQueued,
        boolean pooling,
        boolean trackLoad,
        boolean devMode,
        boolean surviveEngineDeath,
        String apiKey,
        String rootPath) {

    /** What the metrics endpoint makes of {@code ?name[]=}. */
    public enum Filter {
        /** {@code /metrics/} honours it, {@code /metrics} does not: vLLM today. */
        SLASH,
        /** Nobody honours it. */
        NONE,
        /** {@code /metrics} is answered with 307 to {@code /metrics/}, which honours it: vLLM of old. */
        REDIRECT
    }

    public EngineOptions {
        if (load.isNegative() || drain.isNegative()) {
            throw new IllegalArgumentException(
                    "a load of " + load + " and a drain of " + drain + ": neither may be negative");
        }
        if (ranks < 1 || !(speed > 0)) {
            throw new IllegalArgumentException(ranks + " ranks at speed " + speed + ": want at least 1, above 0");
        }
    }

    /** What {@code vllm serve tiny} does, on any free port, loaded at once. */
    public static EngineOptions defaults() {
        return new Builder().build();
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Collects options that differ from the defaults. */
    public static final class Builder {
        private String host = "127.0.0.1";
        private int port;
        private Profile profile = Profile.TINY;
        private String model = "";
        private Duration load = Duration.ZERO;
        private Duration restartAfter = Duration.ofSeconds(-1);
        private int ranks = 1;
        private double speed = 1;
        private long seed = 1;
        private PageOptions page = PageOptions.DEFAULT;
        private Filter filter = Filter.SLASH;
        private Duration drain = Duration.ZERO;
        private int maxQueued;
        private boolean pooling;
        private boolean trackLoad;
        private boolean devMode;
        private boolean surviveEngineDeath;
        private String apiKey = "";
        private String rootPath = "";

        private Builder() {}

        public Builder host(String host) {
            this.host = host;
            return this;
        }

        public Builder port(int port) {
            this.port = port;
            return this;
        }

        public Builder profile(Profile profile) {
            this.profile = profile;
            return this;
        }

        public Builder coldKernels(double... extraSeconds) {
            this.profile = profile.withColdKernels(ColdKernels.of(extraSeconds));
            return this;
        }

        public Builder model(String model) {
            this.model = model;
            return this;
        }

        public Builder load(Duration load) {
            this.load = load;
            return this;
        }

        public Builder restartAfter(Duration restartAfter) {
            this.restartAfter = restartAfter;
            return this;
        }

        /** Sets the number of ranks; more than one come with several API servers, hence a multi-process page. */
        public Builder dataParallel(int ranks) {
            this.ranks = ranks;
            return multiProcess(ranks > 1);
        }

        public Builder multiProcess(boolean on) {
            this.page = page.withMultiProcess(on);
            return this;
        }

        public Builder version(String version) {
            this.page = page.withVersion(PageOptions.Version.of(version));
            return this;
        }

        public Builder disableLogStats() {
            this.page = page.withLogStats(false);
            return this;
        }

        public Builder metricPrefix(String prefix) {
            this.page = page.withPrefix(prefix);
            return this;
        }

        public Builder speed(double speed) {
            this.speed = speed;
            return this;
        }

        public Builder seed(long seed) {
            this.seed = seed;
            return this;
        }

        public Builder filter(Filter filter) {
            this.filter = filter;
            return this;
        }

        public Builder drain(Duration drain) {
            this.drain = drain;
            return this;
        }

        public Builder maxQueued(int maxQueued) {
            this.maxQueued = maxQueued;
            return this;
        }

        public Builder pooling() {
            this.pooling = true;
            return this;
        }

        public Builder trackLoad() {
            this.trackLoad = true;
            return this;
        }

        public Builder devMode() {
            this.devMode = true;
            return this;
        }

        public Builder surviveEngineDeath() {
            this.surviveEngineDeath = true;
            return this;
        }

        public Builder apiKey(String apiKey) {
            this.apiKey = apiKey;
            return this;
        }

        public Builder rootPath(String rootPath) {
            this.rootPath = rootPath;
            return this;
        }

        public EngineOptions build() {
            return new EngineOptions(
                    host,
                    port,
                    profile,
                    model.isEmpty() ? profile.model() : model,
                    load,
                    restartAfter,
                    ranks,
                    speed,
                    seed,
                    page,
                    filter,
                    drain,
                    maxQueued,
                    pooling,
                    trackLoad,
                    devMode,
                    surviveEngineDeath,
                    apiKey,
                    rootPath);
        }
    }
}
