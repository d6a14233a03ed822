package dev.pilotlight.simulator;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;

/** The simulated engine on the command line: flags in, a server until it ends or is told to stop. */
public final class EngineCommand {
    static final String USAGE = """
            usage: EngineCommand [--port=8000] [--host=127.0.0.1] [--profile=tiny|8b-24gb|8b-80gb|70b-4x80gb] [--model=NAME]
              --load-seconds=N             nothing listens for so long (0)
              --cold-seconds=20,0.5        extra time of the first requests of each class of prompt lengths (none)
              --restart-seconds=N          the process is started again so long after its end (never)
              --data-parallel-size=N       ranks, with a multi-process page (1)
              --max-num-seqs=N --kv-tokens=N --prefix-caching
              --version=0.10|0.32 --multi-process --disable-log-stats --metric-prefix=ray_vllm:
              --no-filter | --redirect     /metrics/ ignores name[] | /metrics is answered with 307 to /metrics/
              --dev-mode                   /sleep, /pause and the like
              --enable-server-load-tracking --max-num-queued-reqs=N --shutdown-timeout=SECONDS
              --keep-alive-on-engine-death --pooling --api-key=KEY --root-path=/PATH --speed=FACTOR --seed=N""";

    private EngineCommand() {}

    public static void main(String... args) throws InterruptedException {
        System.exit(run(args));
    }

    static int run(String... args) throws InterruptedException {
        EngineOptions options;
        try {
            options = parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println("simulated engine: " + e.getMessage() + "\n" + USAGE);
            return 64;
        }
        try (SimulatedEngine engine = SimulatedEngine.start(options)) {
            Runtime.getRuntime()
                    .addShutdownHook(
                            new Thread(() -> engine.stop(options.drain().plusSeconds(1))));
            System.out.println("simulated engine: " + options.profile().name() + " loads for "
                    + options.load().toMillis() / 1000.0 + " s, then serves " + engine.uri());
            engine.awaitEnd();
            return 0;
        } catch (IOException e) {
            System.err.println("simulated engine: cannot have port " + options.port() + ": " + e.getMessage()
                    + "; try another one with --port");
            return 1;
        }
    }

    static EngineOptions parse(String... args) {
        EngineOptions.Builder options = EngineOptions.builder();
        Profile profile = Profile.TINY;
        int seqs = 0;
        int kvTokens = 0;
        boolean prefixCaching = false;
        double[] cold = {};
        options.port(8000);
        for (Flags.Flag flag : Flags.of(args).all()) {
            String value = flag.value();
            switch (flag.name()) {
                case "--port" -> options.port(flag.integer());
                case "--host" -> options.host(value);
                case "--profile" -> profile = Profile.named(value);
                case "--model" -> options.model(value);
                case "--load-seconds" -> options.load(seconds(value));
                case "--cold-seconds" ->
                    cold = Arrays.stream(value.split(","))
                            .mapToDouble(Double::parseDouble)
                            .toArray();
                case "--restart-seconds" -> options.restartAfter(seconds(value));
                case "--data-parallel-size" -> options.dataParallel(flag.integer());
                case "--max-num-seqs" -> seqs = flag.integer();
                case "--kv-tokens" -> kvTokens = flag.integer();
                case "--prefix-caching" -> prefixCaching = true;
                case "--version" -> options.version(value);
                case "--multi-process" -> options.multiProcess(true);
                case "--disable-log-stats" -> options.disableLogStats();
                case "--metric-prefix" -> options.metricPrefix(value);
                case "--no-filter" -> options.filter(EngineOptions.Filter.NONE);
                case "--redirect" -> options.filter(EngineOptions.Filter.REDIRECT);
                case "--dev-mode" -> options.devMode();
                case "--enable-server-load-tracking" -> options.trackLoad();
                case "--max-num-queued-reqs" -> options.maxQueued(flag.integer());
                case "--shutdown-timeout" -> options.drain(seconds(value));
                case "--keep-alive-on-engine-death" -> options.surviveEngineDeath();
                case "--pooling" -> options.pooling();
                case "--api-key" -> options.apiKey(value);
                case "--root-path" -> options.rootPath(value);
                case "--speed" -> options.speed(flag.number());
                case "--seed" -> options.seed(Long.parseLong(value));
                default -> throw new IllegalArgumentException("no flag " + flag.name());
            }
        }
        if (seqs > 0 || kvTokens > 0) {
            profile = profile.withLimits(
                    seqs > 0 ? seqs : profile.maxNumSeqs(), kvTokens > 0 ? kvTokens : profile.kvTokens());
        }
        return options.profile(profile.withPrefixCaching(prefixCaching))
                .coldKernels(cold)
                .build();
    }

    private static Duration seconds(String value) {
        return Duration.ofNanos((long) (Double.parseDouble(value) * 1e9));
    }
}
