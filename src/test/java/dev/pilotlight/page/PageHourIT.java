package dev.pilotlight.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.Web;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.SimulatedEngine;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The live page held open for an hour of its own time beside a sidecar that goes from state to state, another each minute: it shows each, grows
 * by nothing, and its console stays empty. The last picture of each state is left in target/page.
 */
@Tag("page")
class PageHourIT {
    private static final Path SHOTS = Path.of("target/page");
    private static final Duration SOON = Duration.ofMinutes(2);
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final int MINUTES = 60;
    /** By then whatever is kept for an hour of plots is no more than a tenth of what it will be; the rest is warm. */
    private static final int WARM = 10;

    /** What happens to the engine, and the phase that comes of it. */
    private record Fault(String name, String phase, Act act) {}

    @FunctionalInterface
    private interface Act {
        void on(SimulatedEngine engine) throws Exception;
    }

    private static final List<Fault> FAULTS = List.of(
            new Fault("ready", "ready", _ -> {}),
            new Fault("asleep", "suspended", engine -> post(engine, "/sleep?level=1")),
            new Fault("awake", "ready", engine -> post(engine, "/wake_up")),
            new Fault("garbled", "ready", engine -> engine.garble("truncated")),
            new Fault("read-again", "ready", SimulatedEngine::clearFaults),
            new Fault("died", "starting", SimulatedEngine::die),
            new Fault("back", "ready", _ -> {}));

    private static void post(SimulatedEngine engine, String path) throws Exception {
        Web.CLIENT.send(
                HttpRequest.newBuilder(engine.uri().resolve(path))
                        .POST(HttpRequest.BodyPublishers.noBody())
                        .build(),
                HttpResponse.BodyHandlers.discarding());
    }

    @Test
    void showsEveryStateAndGrowsByNothing() throws Exception {
        Files.createDirectories(SHOTS);
        try (SimulatedEngine engine = SimulatedEngine.start(EngineOptions.builder()
                        .devMode()
                        .load(Duration.ofSeconds(2))
                        .restartAfter(Duration.ofSeconds(5))
                        .build());
                PackagedSidecar sidecar = PackagedSidecar.beside(
                        engine.uri(), "page-hour", Map.of("engine.poll-every", "200ms", "engine.max-num-seqs", "8"))) {
            Await.until("ready", SOON, () -> sidecar.ready().up());
            try (OpenPage page = OpenPage.of(sidecar.at("/"), 1280, 1000)) {
                List<OpenPage.Use> uses = new ArrayList<>();
                for (int minute = 0; minute < MINUTES; minute++) {
                    Fault fault = FAULTS.get(minute % FAULTS.size());
                    fault.act().on(engine);
                    Await.until(
                            fault.name() + " in minute " + minute,
                            SOON,
                            () -> sidecar.status().getString("phase"),
                            fault.phase()::equals);
                    page.goOn(Duration.ofSeconds(3));
                    assertThat(page.text())
                            .as("minute %d, %s", minute, fault.name())
                            .contains(fault.phase());
                    page.shoot(SHOTS.resolve("hour-" + fault.name() + ".png"));
                    page.goOn(MINUTE.minusSeconds(3));
                    uses.add(page.use());
                }
                OpenPage.Use warm = uses.get(WARM);
                OpenPage.Use last = uses.getLast();
                System.out.printf("minute %d %s, minute %d %s, first %s%n", WARM, warm, MINUTES, last, uses.getFirst());
                assertThat(page.complaints()).isEmpty();
                assertThat(last.nodes())
                        .as("nodes, in minute %d %s", WARM, warm)
                        .isLessThan(warm.nodes() * 3 / 2 + 200);
                assertThat(last.listeners()).isLessThanOrEqualTo(warm.listeners() + 5);
                assertThat(last.bytes())
                        .as("bytes, in minute %d %s", WARM, warm)
                        .isLessThan(warm.bytes() + (2 << 20));
            }
        }
    }
}
