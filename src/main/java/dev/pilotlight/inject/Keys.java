package dev.pilotlight.inject;

/** The labels and annotations that injection reads. All are set by the pod's owner; injection itself sets none. */
final class Keys {
    /** Label of a pod, or of a namespace by way of the webhook's selectors: {@code "true"} asks for the sidecar, all else declines it. */
    static final String INJECT = "pilotlight.dev/inject";

    /** Label: {@code "true"} leaves vLLM's own liveness probe where it is. */
    static final String KEEP_LIVENESS_PROBE = "pilotlight.dev/keep-liveness-probe";

    /** Label: {@code "true"} leaves vLLM's own readiness probe where it is. */
    static final String KEEP_READINESS_PROBE = "pilotlight.dev/keep-readiness-probe";

    /** Label: {@code "true"} takes probe and hook over HTTP, for an image of vLLM that has no shell, or neither bash nor python3. */
    static final String WITHOUT_SHELL = "pilotlight.dev/without-shell";

    /** Label: {@code "true"} adds no preStop hook. */
    static final String KEEP_PRE_STOP = "pilotlight.dev/keep-pre-stop";

    /** Label: {@code "true"} leaves the pod's grace period as it is. */
    static final String KEEP_GRACE_PERIOD = "pilotlight.dev/keep-grace-period";

    /** Annotation: the name of the container that vLLM runs in, where it is not to be seen or there are several. */
    static final String CONTAINER = "pilotlight.dev/container";

    /** Annotation: the port of vLLM's HTTP server, where it is not to be seen. */
    static final String PORT = "pilotlight.dev/port";

    /** Annotation: who vouches for the certificate of an engine that speaks TLS: {@code configmap/NAME/KEY} or {@code secret/NAME/KEY}. */
    static final String ENGINE_CA = "pilotlight.dev/engine-ca";

    private Keys() {}
}
