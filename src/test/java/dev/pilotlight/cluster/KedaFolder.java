package dev.pilotlight.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.pilotlight.k8s.Kustomization;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

/** A folder of k8s/ with a ScaledObject in it, as an overlay of an operator would change it. */
final class KedaFolder {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ControlPlane plane;
    private final List<JsonNode> objects;

    private KedaFolder(ControlPlane plane, List<JsonNode> objects) {
        this.plane = plane;
        this.objects = objects;
    }

    static KedaFolder of(ControlPlane plane, String folder) {
        return new KedaFolder(
                plane,
                Kustomization.documents(
                        plane.kubectl("kustomize", "k8s/" + folder).orFail()));
    }

    private ObjectNode scaledObject() {
        return (ObjectNode) objects.stream()
                .filter(object -> object.path("kind").asText().equals("ScaledObject"))
                .findFirst()
                .orElseThrow();
    }

    /** Another text in the triggers; it must have been there. */
    KedaFolder with(String old, String now) {
        int changed = 0;
        for (JsonNode trigger : scaledObject().at("/spec/triggers")) {
            ObjectNode metadata = (ObjectNode) trigger.path("metadata");
            for (String field : List.of("serverAddress", "query")) {
                String text = metadata.path(field).asText();
                if (text.contains(old)) {
                    metadata.set(field, new TextNode(text.replace(old, now)));
                    changed++;
                }
            }
        }
        if (changed == 0) {
            throw new AssertionError("no trigger has '" + old + "': " + scaledObject());
        }
        return this;
    }

    KedaFolder asking(FaultyPrometheus prometheus) {
        return with("http://prometheus-operated.monitoring.svc:9090", prometheus.url());
    }

    /** A number of the spec, which must have been there. */
    KedaFolder with(String field, int value) {
        ObjectNode spec = (ObjectNode) scaledObject().path("spec");
        if (!spec.has(field)) {
            throw new AssertionError("the spec has no " + field + ": " + spec);
        }
        spec.put(field, value);
        return this;
    }

    /** A window cut to seconds, or a scale-in would take minutes. */
    KedaFolder scalingInAfterSeconds(int seconds) {
        ObjectNode in =
                (ObjectNode) scaledObject().at("/spec/advanced/horizontalPodAutoscalerConfig/behavior/scaleDown");
        in.put("stabilizationWindowSeconds", seconds);
        return this;
    }

    void apply() {
        try {
            ObjectNode list = JSON.createObjectNode().put("apiVersion", "v1").put("kind", "List");
            list.putArray("items").addAll(objects);
            plane.kubectl(
                            "apply",
                            "-f",
                            Files.writeString(plane.home().resolve("scaled-object.json"), list.toString())
                                    .toString())
                    .orFail();
        } catch (IOException failed) {
            throw new java.io.UncheckedIOException(failed);
        }
    }
}
