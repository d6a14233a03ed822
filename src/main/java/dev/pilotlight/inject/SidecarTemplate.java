package dev.pilotlight.inject;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * What an injected pod gets, in one place: {@code sidecar.json}. The Component and the policy under {@code k8s/}, and the pod spec in
 * docs/probes.md, are held to it by tests.
 */
final class SidecarTemplate {
    private SidecarTemplate() {}

    static JsonObject read() {
        try (InputStream json = SidecarTemplate.class.getResourceAsStream("sidecar.json")) {
            return new JsonObject(new String(json.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
