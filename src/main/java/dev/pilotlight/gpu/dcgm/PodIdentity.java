package dev.pilotlight.gpu.dcgm;

import java.util.Optional;

/** The pod that the sidecar is in, and the container whose GPUs are meant where one pod has several with GPUs. */
public record PodIdentity(String pod, String namespace, Optional<String> container) {
    public PodIdentity {
        if (pod.isBlank() || namespace.isBlank()) {
            throw new IllegalArgumentException("a pod has a name and a namespace: \"" + namespace + "/" + pod + "\"");
        }
    }

    @Override
    public String toString() {
        return namespace + "/" + pod + container.map(c -> " container " + c).orElse("");
    }
}
