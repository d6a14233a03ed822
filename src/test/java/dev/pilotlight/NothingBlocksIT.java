package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.Probes;
import dev.pilotlight.process.Said;
import dev.pilotlight.process.WaitsMostly;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.SimulatedEngine;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What blocks for good in the C library blocks no probe, and is said. */
@WaitsMostly
class NothingBlocksIT {
    private static final Duration SOON = Duration.ofMinutes(1);
    /** A resolver holds up whoever asks it for 10 s and more, this library for good; a busy machine for less. */
    private static final Duration BLOCKED = Duration.ofSeconds(5);

    private static final Path FOLDER = Path.of("target/it/blocking").toAbsolutePath();

    @BeforeAll
    static void needsACompiler() throws IOException {
        assumeTrue(
                Stream.of(System.getenv("PATH").split(":")).anyMatch(path -> Files.isExecutable(Path.of(path, "gcc"))),
                "there is no gcc: install it to see what a library that blocks does");
        Files.createDirectories(FOLDER);
    }

    private static Path library(String name, String source) throws IOException {
        Path c = Files.writeString(FOLDER.resolve(name + ".c"), source);
        Path library = FOLDER.resolve("lib" + name + ".so");
        Said.by(new ProcessBuilder(
                        "gcc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library.toString(), c.toString(), "-ldl"))
                .orFail();
        return library;
    }

    @Test
    void aLibraryWhoseConstructorNeverReturns() throws Exception {
        Path library = library("constructor", """
                #include <unistd.h>
                __attribute__((constructor)) static void begin(void) { for (;;) pause(); }
                """);
        try (SimulatedEngine engine = SimulatedEngine.start(EngineOptions.defaults());
                PackagedSidecar sidecar = PackagedSidecar.beside(
                        engine.uri(),
                        "blocking-library",
                        Map.of("gpu.source", "nvml", "gpu.nvml-library", library.toString()));
                Probes probes = Probes.of(sidecar, 2)) {
            Await.until("it is ready", SOON, () -> sidecar.ready().up());
            probes.forget();
            Await.until(
                    "it says that the driver does not answer",
                    SOON,
                    () -> sidecar.status().getJsonObject("gpu").getString("why").startsWith("no answer since "));
            probes.take(200);
            assertThat(probes.taken().longest()).as("%s", probes).isLessThan(BLOCKED);
            assertThat(probes.failed()).isZero();
            assertThat(sidecar.child().log())
                    .filteredOn(line -> line.contains("its library does not come back from loading"))
                    .hasSize(1);
        }
    }

    /** Engine, exporter and API server by names that nobody ever answers for. */
    @Test
    void aNameThatIsNeverResolved() throws Exception {
        Path resolver = library("resolver", """
                #include <dlfcn.h>
                #include <netdb.h>
                #include <string.h>
                #include <unistd.h>
                int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
                    while (host && !strncmp(host, "slow.", 5)) pause();
                    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
                        dlsym(RTLD_NEXT, "getaddrinfo");
                    return real(host, service, hints, found);
                }
                """);
        try (PackagedSidecar sidecar = PackagedSidecar.beside(
                        URI.create("http://slow.example:8000"),
                        "slow-name",
                        Map.of(
                                "gpu.source",
                                "dcgm",
                                "gpu.dcgm-url",
                                "http://slow.example:9400/metrics",
                                "pod.name",
                                "vllm-0",
                                "pod.namespace",
                                "shop",
                                "kube.url",
                                "http://slow.example:443",
                                "engine.poll-every",
                                "200ms"),
                        PackagedSidecar.freePort(),
                        Map.of(),
                        List.of("env", "LD_PRELOAD=" + resolver));
                Probes probes = Probes.of(sidecar, 2)) {
            Await.until("it says so of the engine", SOON, () -> sidecar.child().log().stream()
                    .anyMatch(line -> line.contains("WARN") && line.contains("slow.example is not resolved")));
            probes.forget();
            probes.take(500);
            assertThat(probes.taken().longest()).as("%s", probes).isLessThan(BLOCKED);
            assertThat(sidecar.engineLive().up())
                    .as("a name is no fault of the engine")
                    .isTrue();
            assertThat(sidecar.ready().up()).isFalse();
            assertThat(sidecar.status().getJsonObject("gpu").getString("why")).contains("slow.example is not resolved");
            assertThat(sidecar.child().log()).hasSizeLessThan(20).noneMatch(line -> line.contains("blocked"));
        }
    }
}
