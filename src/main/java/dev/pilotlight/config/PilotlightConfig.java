package dev.pilotlight.config;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/** Every setting, in one page; docs/configuration.md is checked against it. */
@ConfigMapping(prefix = "pilotlight")
public interface PilotlightConfig {
    Engine engine();

    WarmUp warmUp();

    Liveness liveness();

    Pool pool();

    Signal signal();

    /** The vLLM server beside us. */
    interface Engine {
        /** Where the server listens; with {@code --root-path /llm} add that path. http or https. */
        @WithDefault("http://127.0.0.1:8000")
        URI url();

        /** How often the engine is read. 100 ms to 60 s. */
        @WithDefault("1s")
        Duration pollEvery();

        /** How long one request of a poll may take. 50 ms to 60 s. */
        @WithDefault("4s")
        Duration timeout();

        /**
         * The age from which a reading counts for nothing: its signals are absent and the pod is not ready. At least twice
         * poll-every. Default: the greater of 10 s and three times poll-every.
         */
        Optional<Duration> staleAfter();

        /** PEM file with the authorities to trust for an https engine. Default: those of the system. */
        Optional<Path> caFile();

        /** Whether the certificate of an https engine must name the host of the URL. */
        @WithDefault("true")
        boolean verifyHost();

        /** File that holds the engine's API key ({@code --api-key}); sent to {@code /v1} paths only. */
        Optional<Path> apiKeyFile();

        /** vLLM's {@code --max-num-seqs}, per data-parallel rank. Default: learned from the readings. */
        OptionalInt maxNumSeqs();

        /** A metrics page longer than this is not read. 64 KiB to 1 GiB, in bytes. */
        @WithDefault("16777216")
        long maxPageBytes();

        /** A metrics page with more series wanted than this is not read. 100 to 1,000,000. */
        @WithDefault("10000")
        int maxSeries();
    }

    /** From loaded to warm. */
    interface WarmUp {
        /** How long the warm-up may go on without success. */
        @WithDefault("3m")
        Duration budget();

        /** Pause after a failed request. At least 100 ms. */
        @WithDefault("2s")
        Duration retryAfter();

        /** What an engine is whose budget is spent: {@code fail} (not ready, with the reason) or {@code proceed} (ready, cold). */
        @WithDefault("fail")
        OnFailure onFailure();
    }

    /** What becomes of an engine whose warm-up gave up. */
    enum OnFailure {
        FAIL,
        PROCEED
    }

    /** When the engine's container is to be restarted. */
    interface Liveness {
        /** How long {@code /health} may answer 5xx; a rescaling engine does so for a while. */
        @WithDefault("10s")
        Duration deadAfter();

        /** How long a start may take; 0s means for ever. */
        @WithDefault("30m")
        Duration startDeadline();
    }

    /** Warm standbys. */
    interface Pool {
        /** How long nothing must run, wait or finish before a ready pod counts as a standby. */
        @WithDefault("60s")
        Duration standbyAfter();
    }

    /** What the signals are measured against. */
    interface Signal {
        /** The load that a pod should run at; {@code pilotlight_demand_pods} is load over this. Above 0, at most 1. */
        @WithDefault("0.7")
        double targetLoad();

        /** The 95th percentile of the time to first token to keep. Default: none, and no ttft pressure. */
        Optional<Duration> ttftSlo();

        /** The 95th percentile of the inter-token time to keep. Default: none, and no itl pressure. */
        Optional<Duration> itlSlo();

        /** The time over which a backlog is to be worked off. */
        @WithDefault("60s")
        Duration drainTime();
    }
}
