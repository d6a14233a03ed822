package dev.pilotlight.inject;

import dev.pilotlight.inject.InjectionDecision.Inject;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/** Writes the decision as a JSON Patch (RFC 6902) of the pod. */
final class SidecarPatch {
    /** The image's own user, where the pod would make it root; the sidecar refuses to run as that. */
    static final int USER = 1001;

    private SidecarPatch() {}

    /**
     * @param pod as it came
     * @param template what to add, as {@link SidecarTemplate} holds it
     * @param image the sidecar's image
     */
    static JsonArray of(JsonObject pod, Inject decision, boolean asRoot, JsonObject template, String image) {
        JsonArray patch = new JsonArray();
        JsonObject sidecar = sidecar(template.getJsonObject("container"), decision, asRoot, image);
        JsonObject spec = pod.getJsonObject("spec");
        Room.in(spec).fit(sidecar);
        // First of all, so that it watches the load from its beginning and outlives every other container.
        if (spec.getValue("initContainers") instanceof JsonArray) {
            patch.add(add("/spec/initContainers/0", sidecar));
        } else {
            patch.add(add("/spec/initContainers", new JsonArray().add(sidecar)));
        }
        // Before the pod's own, so that it comes first whether or not the API server has added the token's volume yet.
        decision.authority()
                .ifPresent(authority -> patch.add(
                        spec.getValue("volumes") instanceof JsonArray
                                ? add("/spec/volumes/0", authority.volume())
                                : add("/spec/volumes", new JsonArray().add(authority.volume()))));
        String engine = "/spec/containers/" + decision.engine().spec().index();
        JsonObject calls = decision.withoutShell() ? template.getJsonObject("withoutShell") : template;
        if (decision.livenessProbe()) {
            patch.add(add(engine + "/livenessProbe", calls.getJsonObject("livenessProbe")));
        }
        if (decision.readinessProbe()) {
            patch.add(add(engine + "/readinessProbe", template.getJsonObject("readinessProbe")));
        }
        if (decision.preStop()) {
            JsonObject hook = hook(calls.getJsonObject("preStop"), decision.port());
            patch.add(
                    decision.engine().lifecycle()
                            ? add(engine + "/lifecycle/preStop", hook)
                            : add(engine + "/lifecycle", new JsonObject().put("preStop", hook)));
        }
        if (decision.gracePeriod()) {
            patch.add(add("/spec/terminationGracePeriodSeconds", InjectionDecision.GRACE_PERIOD_SECONDS));
        }
        return patch;
    }

    private static JsonObject sidecar(JsonObject template, Inject decision, boolean asRoot, String image) {
        JsonObject sidecar =
                new JsonObject().put("name", template.getString("name")).put("image", image);
        template.copy().forEach(field -> sidecar.put(field.getKey(), field.getValue()));
        JsonArray env = sidecar.getJsonArray("env");
        String scheme = decision.authority().isPresent() ? "https" : "http";
        env.getJsonObject(0).put("value", scheme + "://127.0.0.1:" + decision.port());
        // Told and not looked for again: the sidecar takes the very container that was found here.
        env.add(new JsonObject()
                .put("name", "PILOTLIGHT_POD_CONTAINER")
                .put("value", decision.engine().name()));
        // The same reference and not its value: a secret stands where it stood.
        decision.apiKey()
                .ifPresent(key -> env.add(new JsonObject()
                        .put("name", "PILOTLIGHT_ENGINE_API_KEY")
                        .put(
                                "valueFrom",
                                new JsonObject()
                                        .put(
                                                "secretKeyRef",
                                                new JsonObject()
                                                        .put("name", key.secret())
                                                        .put("key", key.key())))));
        decision.authority().ifPresent(authority -> authority.into(sidecar));
        if (asRoot) {
            sidecar.getJsonObject("securityContext").put("runAsUser", USER);
        }
        return sidecar;
    }

    /** The last word of the command tells the hook where vLLM listens. */
    private static JsonObject hook(JsonObject template, int port) {
        JsonObject hook = template.copy();
        if (hook.containsKey("exec")) {
            JsonArray command = hook.getJsonObject("exec").getJsonArray("command");
            command.set(command.size() - 1, Integer.toString(port));
        }
        return hook;
    }

    private static JsonObject add(String path, Object value) {
        return new JsonObject().put("op", "add").put("path", path).put("value", value);
    }
}
