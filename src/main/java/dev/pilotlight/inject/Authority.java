package dev.pilotlight.inject;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The authority that vouches for the engine's certificate: a key of a ConfigMap or a Secret of the pod's namespace, which the sidecar gets
 * as a file.
 *
 * @param secret whether it is a Secret
 */
record Authority(boolean secret, String name, String key) {
    static final String VOLUME = "pilotlight-engine-ca";
    static final String FOLDER = "/etc/pilotlight/engine-ca";
    static final String FILE = "ca.crt";

    private static final Pattern WRITTEN =
            Pattern.compile("(configmap|secret)/([a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?)/([-._a-zA-Z0-9]{1,253})");

    /** @param annotation {@code configmap/NAME/KEY} or {@code secret/NAME/KEY} */
    static Optional<Authority> of(String annotation) {
        Matcher written = WRITTEN.matcher(annotation);
        return written.matches()
                ? Optional.of(new Authority(written.group(1).equals("secret"), written.group(2), written.group(3)))
                : Optional.empty();
    }

    JsonObject volume() {
        JsonObject source = new JsonObject()
                .put(secret ? "secretName" : "name", name)
                .put(
                        "items",
                        new JsonArray().add(new JsonObject().put("key", key).put("path", FILE)));
        return new JsonObject().put("name", VOLUME).put(secret ? "secret" : "configMap", source);
    }

    /** What the sidecar needs to use it. The engine is asked at 127.0.0.1, and its certificate names a Service. */
    void into(JsonObject sidecar) {
        sidecar.getJsonArray("env")
                .add(variable("PILOTLIGHT_ENGINE_CA_FILE", FOLDER + "/" + FILE))
                .add(variable("PILOTLIGHT_ENGINE_VERIFY_HOST", "false"));
        sidecar.put(
                "volumeMounts",
                new JsonArray()
                        .add(new JsonObject()
                                .put("name", VOLUME)
                                .put("mountPath", FOLDER)
                                .put("readOnly", true)));
    }

    private static JsonObject variable(String name, String value) {
        return new JsonObject().put("name", name).put("value", value);
    }
}
