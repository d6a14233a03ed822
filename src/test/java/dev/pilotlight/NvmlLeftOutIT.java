package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.RawServer;
import dev.pilotlight.process.WaitsMostly;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** After two crashes in a row the sidecar starts without NVML; without an API server that says so, with it. */
@WaitsMostly
class NvmlLeftOutIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    /** No library: the loader's reason shows that it was tried. */
    private static String library() throws IOException {
        Path file = Path.of("target/it/no-nvml.so").toAbsolutePath();
        Files.createDirectories(file.getParent());
        return Files.writeString(file, "no library\n").toString();
    }

    private static PackagedSidecar sidecar(String name, RawServer api, String source) throws IOException {
        return PackagedSidecar.beside(
                URI.create("http://127.0.0.1:" + PackagedSidecar.freePort()),
                name,
                Map.of(
                        "gpu.source",
                        source,
                        "gpu.nvml-library",
                        library(),
                        "pod.name",
                        "vllm-0",
                        "pod.namespace",
                        "shop",
                        "kube.url",
                        "http://127.0.0.1:" + api.port()));
    }

    private static RawServer api(int restarts) {
        String pod = """
                {"apiVersion": "v1", "kind": "Pod",
                 "metadata": {"name": "vllm-0", "namespace": "shop", "uid": "u", "resourceVersion": "7"},
                 "spec": {"containers": [{"name": "vllm"}]},
                 "status": {"initContainerStatuses": [{"name": "pilotlight", "restartCount": %d,
                   "state": {"running": {}}, "lastState": {"terminated": {"exitCode": 139}}}]}}
                """.formatted(restarts);
        return new RawServer("127.0.0.1", 0, (ask, out) -> {
            boolean isPod = ask.method().equals("GET") && ask.path().equals("/api/v1/namespaces/shop/pods/vllm-0");
            RawServer.answer(out, isPod ? 200 : 404, "application/json", isPod ? pod : "{\"kind\":\"Status\"}");
        });
    }

    private static String why(PackagedSidecar sidecar) throws IOException, InterruptedException {
        JsonObject gpu = sidecar.status().getJsonObject("gpu");
        return gpu.getString("why");
    }

    @Test
    void afterTwoCrashesSaysWhyAndTheFixOnce() throws Exception {
        try (RawServer api = api(2);
                PackagedSidecar sidecar = sidecar("nvml-left-out", api, "nvml")) {
            Await.until("the status says it", SOON, () -> why(sidecar).startsWith("NVML is left out of this start"));
            assertThat(why(sidecar)).contains("SIGSEGV", "pilotlight.gpu.source");
            assertThat(sidecar.child().log())
                    .filteredOn(line -> line.contains("WARN") && line.contains("NVML is left out"))
                    .hasSize(1);
        }
    }

    @Test
    void afterOneCrashLoadsIt() throws Exception {
        try (RawServer api = api(1);
                PackagedSidecar sidecar = sidecar("nvml-once-more", api, "auto")) {
            Await.until("the library was tried", SOON, () -> why(sidecar).contains("no-nvml.so"));
        }
    }

    @Test
    void isLoadedWhereTheApiServerNeverAnswers() throws Exception {
        try (RawServer silent = new RawServer("127.0.0.1", 0, (_, _) -> {
                    try {
                        Thread.sleep(Duration.ofMinutes(2));
                    } catch (InterruptedException ended) {
                        Thread.currentThread().interrupt();
                    }
                });
                PackagedSidecar sidecar = sidecar("nvml-no-word", silent, "nvml")) {
            Await.until("the library was tried", SOON, () -> why(sidecar).contains("no-nvml.so"));
        }
    }
}
