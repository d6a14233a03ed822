package dev.pilotlight.cluster;

import dev.pilotlight.pod.OwnPod;
import dev.pilotlight.vllmpod.VllmArguments;
import java.net.URI;
import java.util.Optional;
import java.util.OptionalInt;

/** Where the engine listens: as configured; else at the port of the vLLM container in the own pod; else at vLLM's default. */
public final class EngineAddress {
    /** Where vLLM listens if nobody says anything. */
    public static final URI DEFAULT = onLoopback(VllmArguments.DEFAULT_PORT);

    private EngineAddress() {}

    /** What is set is never overridden by what is found, not even where it is what the default would be. */
    public static URI of(Optional<URI> configured, ClusterView cluster) {
        return configured.orElseGet(() -> cluster.ownPod()
                .flatMap(OwnPod::vllm)
                .map(vllm -> vllm.arguments().port())
                .filter(OptionalInt::isPresent)
                .map(port -> onLoopback(port.getAsInt()))
                .orElse(DEFAULT));
    }

    private static URI onLoopback(int port) {
        return URI.create("http://127.0.0.1:" + port);
    }
}
