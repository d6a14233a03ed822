package dev.pilotlight.kube;

/** The names that Pilot Light goes by in a cluster: every label and annotation that it writes, and where its objects are. */
public final class Names {
    public static final String FIELD_MANAGER = "pilotlight";
    /** All of our own labels and annotations begin so. */
    public static final String PREFIX = "pilotlight.dev/";

    /** Label: what the engine can do. */
    public static final String PHASE = PREFIX + "phase";
    /** Label: active or standby; the Service of a managed pool selects on it. Absent unless ready. */
    public static final String ROLE = PREFIX + "role";
    /** Label: the pod's pool. */
    public static final String POOL = PREFIX + "pool";

    /** Annotation: why the phase is what it is. */
    public static final String REASON = PREFIX + "reason";
    /** Annotation: the load when the pod was last marked. */
    public static final String LOAD = PREFIX + "load";
    /** Annotation: how long the last start took, as watched. */
    public static final String COLD_START = PREFIX + "cold-start-seconds";

    /** Annotation that the ReplicaSet controller reads: the pod with the least goes first. */
    public static final String DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";
    /** Annotation that the Cluster Autoscaler reads. */
    public static final String SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict";
    /** Annotation that Karpenter reads. */
    public static final String DO_NOT_DISRUPT = "karpenter.sh/do-not-disrupt";

    private Names() {}

    /** The Lease and the ConfigMap of a pool. */
    public static String ofPool(String pool) {
        return "pilotlight-pool-" + pool;
    }

    public static String pods(String namespace) {
        return "/api/v1/namespaces/" + namespace + "/pods";
    }

    public static String services(String namespace) {
        return "/api/v1/namespaces/" + namespace + "/services";
    }

    public static String configMaps(String namespace) {
        return "/api/v1/namespaces/" + namespace + "/configmaps";
    }

    public static String leases(String namespace) {
        return "/apis/coordination.k8s.io/v1/namespaces/" + namespace + "/leases";
    }
}
