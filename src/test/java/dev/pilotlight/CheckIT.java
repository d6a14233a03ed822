package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Image;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.Said;
import dev.pilotlight.process.WaitsMostly;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.SimulatedEngine;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** {@code pilotlight check} as an operator runs it beside the packaged sidecar. */
@WaitsMostly
class CheckIT {
    private static Said check(int port, String... arguments) {
        List<String> command = new ArrayList<>(Image.command(List.of("-Dquarkus.http.port=" + port)));
        command.addAll(List.of(arguments));
        return Said.by(new ProcessBuilder(command));
    }

    @Test
    void saysWhatIsMissingWithItsFixAndEndsWith1() throws IOException {
        try (SimulatedEngine engine = SimulatedEngine.start(EngineOptions.defaults());
                PackagedSidecar sidecar =
                        PackagedSidecar.beside(engine.uri(), "check", Map.of("engine.poll-every", "200ms"))) {
            Await.until("ready", Duration.ofSeconds(30), () -> sidecar.ready().up());

            Said said = check(sidecar.at("/").getPort(), "check");

            assertThat(said.output().lines())
                    .contains(
                            "ok       engine      answers, with tiny",
                            "ok       phase       ready",
                            "ok       key         none is asked for",
                            "missing  scrape      nobody but this pod has asked for /metrics since the sidecar began")
                    .last()
                    .isEqualTo("1 of 8 are missing");
            assertThat(said.code()).isEqualTo(1);
        }
    }

    @Test
    void endsWith69WhereNoSidecarAnswers() {
        Said said = check(PackagedSidecar.freePort(), "check");
        assertThat(said.code()).isEqualTo(69);
        assertThat(said.output()).contains("no sidecar answers at http://127.0.0.1:");
    }

    @Test
    void endsWith64ForACommandThatThereIsNot() {
        Said said = check(PackagedSidecar.freePort(), "chekc");
        assertThat(said.code()).isEqualTo(64);
        assertThat(said.output()).contains("no command chekc");
    }
}
