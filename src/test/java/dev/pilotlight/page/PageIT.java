package dev.pilotlight.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.page.Browser.Look;
import dev.pilotlight.process.Await;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.SimulatedEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The live page in a real browser; the screenshots are left in target/page. */
@Tag("page")
class PageIT {
    private static final Path SHOTS = Path.of("target/page");
    private static final Duration SOON = Duration.ofSeconds(60);

    private SimulatedEngine engine;
    private PackagedSidecar sidecar;

    @BeforeEach
    void start() throws IOException {
        Files.createDirectories(SHOTS);
        engine = SimulatedEngine.start(EngineOptions.defaults());
        sidecar = PackagedSidecar.beside(
                engine.uri(),
                "page",
                Map.of("engine.poll-every", "500ms", "engine.max-num-seqs", "8", "pool.standby-after", "60s"));
    }

    @AfterEach
    void end() {
        sidecar.close();
        engine.close();
    }

    @Test
    void showsWhatTheSidecarSeesWithoutAnErrorInTheConsole() throws Exception {
        Await.until("ready", SOON, () -> sidecar.ready().up());
        String text = Browser.text(sidecar.at("/"), 6);
        assertThat(text)
                .contains(">ready</span>", "sidecar ", ", up ", "aria-live", "<section>")
                .doesNotContain("CONSOLE", "Uncaught", "Refused to");
        Browser.shoot(sidecar.at("/"), 6, Look.LIGHT, 1280, 1000, SHOTS.resolve("ready.png"));
        Browser.shoot(sidecar.at("/"), 6, Look.DARK, 1280, 1000, SHOTS.resolve("ready-dark.png"));
        Browser.shoot(sidecar.at("/"), 6, Look.LIGHT, 390, 1900, SHOTS.resolve("ready-phone.png"));
    }

    @Test
    void looksOldWhenTheSidecarStandsStill() throws Exception {
        Await.until("ready", SOON, () -> sidecar.ready().up());
        try (StillSidecar still = StillSidecar.after(sidecar, 2)) {
            assertThat(Browser.text(still.page(), 12))
                    .contains("what stands here is old", "class=\"gone\"")
                    .doesNotContain("Uncaught");
            Browser.shoot(still.page(), 12, Look.LIGHT, 1280, 1000, SHOTS.resolve("stale.png"));
        }
    }

    @Test
    void showsAnEngineThatIsGone() throws Exception {
        Await.until("ready", SOON, () -> sidecar.ready().up());
        engine.close();
        Await.until("not ready", SOON, () -> !sidecar.ready().up());
        assertThat(Browser.text(sidecar.at("/"), 6)).contains(">starting</span>");
        Browser.shoot(sidecar.at("/"), 6, Look.LIGHT, 1280, 1000, SHOTS.resolve("starting.png"));
    }
}
