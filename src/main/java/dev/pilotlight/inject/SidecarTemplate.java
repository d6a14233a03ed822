package dev.pilotlight.inject;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * What an injected pod gets, in one place: {@code sidecar.json}, where {@code @name.sh} stands for the text of that file. The Component and
 * the policy under {@code k8s/}, and the pod spec in docs/probes.md, are held to it by tests.
 */
final class SidecarTemplate {
    private SidecarTemplate() {}

    static JsonObject read() {
        JsonObject template = new JsonObject(text("sidecar.json"));
        for (String hook : new String[] {"livenessProbe", "preStop"}) {
            JsonArray command =
                    template.getJsonObject(hook).getJsonObject("exec").getJsonArray("command");
            for (int i = 0; i < command.size(); i++) {
                if (command.getString(i).startsWith("@")) {
                    command.set(i, text(command.getString(i).substring(1)).stripTrailing());
                }
            }
        }
        return template;
    }

    private static String text(String file) {
        try (InputStream bytes = SidecarTemplate.class.getResourceAsStream(file)) {
            return new String(bytes.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
