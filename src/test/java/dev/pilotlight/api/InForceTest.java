package dev.pilotlight.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class InForceTest {
    @Test
    void showsNoSecret() {
        assertThat(InForce.shown("pilotlight.engine.api-key", "sk-secret")).isEqualTo("***");
        assertThat(InForce.shown("pilotlight.gpu.dcgm-url", "http://user:secret@host:9400"))
                .isEqualTo("http://***@host:9400");
        assertThat(InForce.shown("pilotlight.engine.api-key-file", "/etc/key")).isEqualTo("/etc/key");
    }
}
