package dev.pilotlight.config;

import io.smallrye.config.WithDefault;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** The vLLM server beside us. */
public interface EngineConfig {
    /**
     * Where the server listens; with {@code --root-path /llm} add that path. http or https. Default: where the vLLM
     * container in the own pod listens, by its arguments; else 127.0.0.1:8000.
     */
    Optional<URI> url();

    /**
     * The addresses of several servers of one pod, read and judged together; instead of url. Default: one for each data-parallel rank
     * where the vLLM container has {@code --data-parallel-multi-port-external-lb}.
     */
    Optional<List<URI>> urls();

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

    /** PEM file with our own certificate, for an https engine that wants one of its clients. With client-key-file. */
    Optional<Path> clientCertFile();

    /** PEM file with the key of that certificate, not encrypted. */
    Optional<Path> clientKeyFile();

    /** The engine's API key ({@code --api-key}), from a variable that a secret fills; sent to {@code /v1} paths only. */
    Optional<String> apiKey();

    /** File that holds the engine's API key instead. */
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
