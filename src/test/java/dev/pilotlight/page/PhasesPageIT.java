package dev.pilotlight.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.page.Browser.Look;
import dev.pilotlight.process.Await;
import dev.pilotlight.process.Clients;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.Web;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.SimulatedEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the live page says where a pod gets no traffic: word, reason and picture of each; the screenshots are left in target/page. */
@Tag("page")
class PhasesPageIT {
    private static final Path SHOTS = Path.of("target/page");
    private static final Duration SOON = Duration.ofMinutes(2);
    private static final Map<String, String> SETTINGS =
            Map.of("engine.poll-every", "500ms", "engine.max-num-seqs", "8", "pool.standby-after", "5s");

    @BeforeAll
    static void folder() throws IOException {
        Files.createDirectories(SHOTS);
    }

    private static PackagedSidecar beside(SimulatedEngine engine, String name) {
        return PackagedSidecar.beside(engine.uri(), "page-" + name, SETTINGS);
    }

    private static void show(PackagedSidecar sidecar, String state, String... words)
            throws IOException, InterruptedException {
        Await.until(state, SOON, sidecar::state, state::equals);
        assertThat(Browser.text(sidecar.at("/"), 6)).contains(words).doesNotContain("CONSOLE", "Uncaught");
        String name = state.replace(' ', '-');
        Browser.shoot(sidecar.at("/"), 6, Look.LIGHT, 1280, 1000, SHOTS.resolve(name + ".png"));
        Browser.shoot(sidecar.at("/"), 6, Look.DARK, 390, 1900, SHOTS.resolve(name + "-phone-dark.png"));
        assertThat(sidecar.state()).as("it is so still").isEqualTo(state);
    }

    @Test
    void warming() throws IOException, InterruptedException {
        // Kernels that are compiled for each new size: minutes, on a real card.
        EngineOptions cold = EngineOptions.builder().coldKernels(20, 20, 20, 20).build();
        try (SimulatedEngine engine = SimulatedEngine.start(cold);
                PackagedSidecar sidecar = beside(engine, "warming")) {
            show(sidecar, "warming", ">warming</span>");
        }
    }

    @Test
    void standby() throws IOException, InterruptedException {
        try (SimulatedEngine engine = SimulatedEngine.start(EngineOptions.defaults());
                PackagedSidecar sidecar = beside(engine, "standby")) {
            show(sidecar, "ready standby", ">ready</span>", "standby");
        }
    }

    @Test
    void failed() throws IOException, InterruptedException {
        try (SimulatedEngine engine = SimulatedEngine.start(
                        EngineOptions.builder().surviveEngineDeath().build());
                PackagedSidecar sidecar = beside(engine, "failed")) {
            Await.until("ready", SOON, () -> sidecar.ready().up());
            engine.killEngine(0);
            show(sidecar, "failed", ">failed</span>", "/health");
        }
    }

    @Test
    void draining() throws Exception {
        try (SimulatedEngine engine = SimulatedEngine.start(EngineOptions.defaults());
                PackagedSidecar sidecar = beside(engine, "draining")) {
            Await.until("ready", SOON, () -> sidecar.ready().up());
            Clients clients = new Clients(engine.uri(), 1);
            clients.burst(4, 150);
            Await.until("under way", SOON, () -> engine.openRequests() == 4);
            engine.hang(-1); // so that they stay
            Thread.ofVirtual().start(() -> {
                try {
                    Web.drain(sidecar.at("/"), Duration.ofMinutes(5));
                } catch (IOException | InterruptedException ended) {
                    // the sidecar is ended with the test
                }
            });
            show(sidecar, "draining", ">draining</span>");
        }
    }
}
