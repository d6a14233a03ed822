package dev.pilotlight.inject;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the sidecar asks for, by what the pod's own containers do. */
class RoomTest {
    private static Room room(String spec) {
        return Room.in(Corpus.yaml(spec));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{ containers: [{ name: a }] } | USUAL",
                "{ containers: [{ resources: { limits: { cpu: 1 } } }, { resources: { limits: { memory: 1Gi } } }] } | USUAL",
                "{ containers: [{ resources: { limits: { cpu: 1 } } }] } | CPU_LIMITED",
                "{ containers: [{ resources: { requests: { cpu: 1, memory: 1Gi }, limits: { cpu: 2, memory: 1Gi } } }] } | CPU_LIMITED",
                "{ containers: [{ resources: { limits: { cpu: 1, memory: 1Gi } } }], initContainers: [{ name: b }] } | USUAL",
                "{ containers: [{ resources: { limits: { cpu: 1, memory: 1Gi } } }] } | GUARANTEED",
                "{ containers: [{ resources: { requests: { cpu: 1, memory: 1Gi }, limits: { cpu: 1, memory: 1Gi } } }] } | GUARANTEED",
                "{ resources: { limits: { cpu: 1 } }, containers: [{ name: a }] } | OF_THE_POD",
                "{ containers: [{ resources: [odd] }, odd] } | USUAL",
            })
    void isThatOfThePodsOwnContainers(String spec, Room expected) {
        assertThat(room(spec)).isEqualTo(expected);
    }

    @Test
    void keepsAGuaranteedPodGuaranteedAndALimitedOneLimited() {
        JsonObject sidecar = SidecarTemplate.read().getJsonObject("container");
        JsonObject memory =
                sidecar.getJsonObject("resources").getJsonObject("limits").copy();
        Room.GUARANTEED.fit(sidecar);
        JsonObject both = memory.put("cpu", Room.CPU);
        assertThat(sidecar.getJsonObject("resources"))
                .isEqualTo(new JsonObject().put("requests", both).put("limits", both));
        JsonObject limited = SidecarTemplate.read().getJsonObject("container");
        Room.CPU_LIMITED.fit(limited);
        assertThat(limited.getJsonObject("resources").getJsonObject("limits")).isEqualTo(both);
        assertThat(limited.getJsonObject("resources").getJsonObject("requests").getString("cpu"))
                .isEqualTo("25m");
        Room.OF_THE_POD.fit(limited);
        assertThat(limited.containsKey("resources")).isFalse();
    }
}
