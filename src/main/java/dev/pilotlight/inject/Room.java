package dev.pilotlight.inject;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What the sidecar asks for beside the pod's own containers, so that the pod is admitted and scheduled as it was without. What no pod
 * shows, a LimitRange or a quota that is used up, may refuse it for all that.
 */
enum Room {
    /** Little is asked for, and memory alone is limited. */
    USUAL,
    /** Every container limits its CPU, as a ResourceQuota on limits.cpu demands: the sidecar does, too. */
    CPU_LIMITED,
    /** Every container asks for what it is limited to: so does the sidecar, or the pod would not be Guaranteed any more. */
    GUARANTEED,
    /** The pod as a whole says what it needs: the sidecar lives on that. */
    OF_THE_POD;

    /** What a burst of scrapes takes; where it is a request, too, it is what a pod of this class pays. */
    static final String CPU = "250m";

    private static final List<String> BOTH = List.of("cpu", "memory");

    static Room in(JsonObject spec) {
        if (spec.getValue("resources") instanceof JsonObject) {
            return OF_THE_POD;
        }
        List<JsonObject> all = Stream.of("containers", "initContainers")
                .flatMap(key -> spec.getValue(key) instanceof JsonArray list ? list.stream() : Stream.empty())
                .filter(JsonObject.class::isInstance)
                .map(container -> map((JsonObject) container, "resources"))
                .toList();
        if (all.stream().allMatch(Room::isGuaranteed)) {
            return GUARANTEED;
        }
        return all.stream().allMatch(it -> map(it, "limits").getValue("cpu") != null) ? CPU_LIMITED : USUAL;
    }

    private static boolean isGuaranteed(JsonObject resources) {
        JsonObject limits = map(resources, "limits");
        JsonObject requests = map(resources, "requests");
        return BOTH.stream()
                .allMatch(of -> limits.getValue(of) != null
                        && limits.getValue(of).equals(requests.getValue(of, limits.getValue(of))));
    }

    private static JsonObject map(JsonObject parent, String key) {
        return parent.getValue(key) instanceof JsonObject there ? there : new JsonObject();
    }

    /** Fits the template's container in. */
    void fit(JsonObject sidecar) {
        switch (this) {
            case USUAL -> {}
            case CPU_LIMITED -> limits(sidecar).put("cpu", CPU);
            case GUARANTEED -> {
                limits(sidecar).put("cpu", CPU);
                Map<String, Object> same = new TreeMap<>(limits(sidecar).getMap());
                sidecar.getJsonObject("resources").put("requests", new JsonObject(same));
            }
            case OF_THE_POD -> sidecar.remove("resources");
        }
    }

    private static JsonObject limits(JsonObject sidecar) {
        return sidecar.getJsonObject("resources").getJsonObject("limits");
    }
}
