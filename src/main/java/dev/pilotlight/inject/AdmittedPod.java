package dev.pilotlight.inject;

import dev.pilotlight.vllmpod.ContainerSpec;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What injection looks at of a pod. Read with tolerance: what has not the shape that the API gives it counts as absent.
 *
 * @param containers those that run side by side; init containers are not among them
 * @param initContainers of which those with {@code restartPolicy: Always} are native sidecars
 * @param hostNetwork its ports are those of the node
 * @param asRoot the pod's security context runs every container as root that does not say otherwise
 * @param withToken the service account's token is mounted
 */
record AdmittedPod(
        Map<String, String> labels,
        Map<String, String> annotations,
        List<Container> containers,
        List<Container> initContainers,
        boolean windows,
        boolean hostNetwork,
        boolean asRoot,
        boolean withToken,
        long gracePeriodSeconds) {

    private static final long DEFAULT_GRACE_PERIOD = 30;
    private static final int LONGEST_NAME = 63;

    /**
     * @param spec what it runs
     * @param ports in the order of the spec
     */
    record Container(
            ContainerSpec spec,
            List<Integer> ports,
            boolean livenessProbe,
            boolean readinessProbe,
            boolean lifecycle,
            boolean preStop) {
        String name() {
            return spec.name();
        }
    }

    static AdmittedPod of(JsonObject pod) {
        JsonObject metadata = object(pod, "metadata");
        JsonObject spec = object(pod, "spec");
        Object windowsNode = object(spec, "nodeSelector").getValue("kubernetes.io/os");
        return new AdmittedPod(
                strings(object(metadata, "labels")),
                strings(object(metadata, "annotations")),
                containers(spec, "containers"),
                containers(spec, "initContainers"),
                "windows".equals(object(spec, "os").getValue("name")) || "windows".equals(windowsNode),
                Boolean.TRUE.equals(spec.getValue("hostNetwork")),
                number(object(spec, "securityContext"), "runAsUser").orElse(-1L) == 0,
                !Boolean.FALSE.equals(spec.getValue("automountServiceAccountToken")),
                number(spec, "terminationGracePeriodSeconds").orElse(DEFAULT_GRACE_PERIOD));
    }

    boolean says(String label) {
        return "true".equals(labels.get(label));
    }

    /** A name as it may stand in a log, a header, an audit log: whoever calls may write anything into a review. */
    static String printable(String name) {
        String plain = name.replaceAll("[^\\x20-\\x7e]", "?");
        return plain.length() <= LONGEST_NAME ? plain : plain.substring(0, LONGEST_NAME) + "...";
    }

    private static List<Container> containers(JsonObject spec, String key) {
        JsonArray list = array(spec, key);
        List<Container> containers = new ArrayList<>(list.size());
        for (int i = 0; i < list.size(); i++) {
            if (list.getValue(i) instanceof JsonObject container) {
                containers.add(container(i, container));
            }
        }
        return List.copyOf(containers);
    }

    private static Container container(int index, JsonObject container) {
        List<Integer> ports = new ArrayList<>();
        array(container, "ports").forEach(port -> {
            if (port instanceof JsonObject listed) {
                number(listed, "containerPort").ifPresent(number -> ports.add(Math.clamp(number, 0, 65_536)));
            }
        });
        return new Container(
                ContainerSpec.of(index, container),
                List.copyOf(ports),
                container.getValue("livenessProbe") instanceof JsonObject,
                container.getValue("readinessProbe") instanceof JsonObject,
                container.getValue("lifecycle") instanceof JsonObject,
                object(container, "lifecycle").getValue("preStop") instanceof JsonObject);
    }

    private static JsonObject object(JsonObject parent, String key) {
        return parent.getValue(key) instanceof JsonObject object ? object : new JsonObject();
    }

    private static JsonArray array(JsonObject parent, String key) {
        return parent.getValue(key) instanceof JsonArray array ? array : new JsonArray();
    }

    private static Optional<Long> number(JsonObject parent, String key) {
        return parent.getValue(key) instanceof Number number ? Optional.of(number.longValue()) : Optional.empty();
    }

    private static Map<String, String> strings(JsonObject object) {
        Map<String, String> strings = new HashMap<>();
        object.forEach(entry -> {
            if (entry.getValue() instanceof String text) {
                strings.put(entry.getKey(), text);
            }
        });
        return Map.copyOf(strings);
    }
}
