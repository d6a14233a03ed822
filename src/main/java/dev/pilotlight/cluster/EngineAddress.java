package dev.pilotlight.cluster;

import dev.pilotlight.pod.OwnPod;
import java.net.URI;
import java.util.OptionalInt;

/** Where the engine listens: as configured, or at the port that the vLLM container's own arguments name. */
public final class EngineAddress {
    /** What {@code pilotlight.engine.url} is when nobody set it: vLLM's own default port. */
    public static final String DEFAULT = "http://127.0.0.1:8000";

    private EngineAddress() {}

    public static URI of(URI configured, ClusterView cluster) {
        OptionalInt port = cluster.ownPod()
                .flatMap(OwnPod::vllm)
                .map(vllm -> vllm.arguments().port())
                .orElse(OptionalInt.empty());
        return configured.equals(URI.create(DEFAULT)) && port.isPresent()
                ? URI.create("http://127.0.0.1:" + port.getAsInt())
                : configured;
    }
}
