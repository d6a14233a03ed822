package dev.pilotlight.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo beside a stub of the sidecar: what it prints and how it ends. */
class DemoTest {
    @TempDir
    Path directory;

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    private Demo demo(URI engine, int port, int seconds) {
        List<String> launch = List.of("-cp", System.getProperty("java.class.path"), StubSidecar.class.getName());
        DemoOptions options = new DemoOptions(launch, engine, port, Duration.ofSeconds(seconds), log());
        return new Demo(options, new PrintStream(printed, true, StandardCharsets.UTF_8));
    }

    private Path log() {
        return directory.resolve("run").resolve("sidecar.log");
    }

    private String printed() {
        return printed.toString(StandardCharsets.UTF_8);
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0)) {
            return probe.getLocalPort();
        }
    }

    @Nested
    class WhileTheSidecarRuns {
        @Test
        void printsTheUrlsAndALineASecondAndPassesWarningsThroughUntilItIsAsked() throws Exception {
            int port = freePort();
            Demo demo = demo(null, port, 0);
            Thread running = Thread.ofPlatform().start(demo::run);
            awaitPrinted("  1.00");
            demo.stop();
            assertThat(running.join(Duration.ofSeconds(1))).isTrue();
            assertThat(printed())
                    .contains("http://127.0.0.1:" + port + "/q/health/group/engine", "WARN  standby after 8s")
                    .contains(
                            "ready     active    0.83 [########....]       7       -     -  1.00",
                            "        -> ready warm",
                            "/sim/hang",
                            "/api/v1/drain")
                    .doesNotContain("INFO ");
            assertThat(Files.readString(log())).contains("INFO  watching http://127.0.0.1:");
        }

        @Test
        void endsByItselfWhenTheTimeIsUp() throws IOException {
            assertThat(demo(null, freePort(), 1).run()).isZero();
        }

        private void awaitPrinted(String text) throws InterruptedException {
            long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            while (!printed().contains(text)) {
                assertThat(System.nanoTime())
                        .as("still no '%s' in:%n%s", text, printed())
                        .isLessThan(deadline);
                Thread.sleep(20); // the child is a process of its own: nothing to wait on
            }
        }
    }

    @Nested
    class WhenThingsGoWrong {
        @Test
        void showsTheLastWordsOfASidecarThatDies() throws IOException {
            assertThat(demo(URI.create("http://127.0.0.1:1/die"), freePort(), 20)
                            .run())
                    .isEqualTo(1);
            assertThat(printed()).contains("ended with exit code 7", "  cannot go on");
        }

        @Test
        void namesTheMendWhenThePortIsTaken() throws IOException {
            try (ServerSocket taken = new ServerSocket(0)) {
                assertThat(demo(null, taken.getLocalPort(), 1).run()).isEqualTo(1);
                assertThat(printed())
                        .isEqualTo("port %d is in use; take another one: make run PORT=%d%n"
                                .formatted(taken.getLocalPort(), taken.getLocalPort() + 1));
            }
        }

        @Test
        void refusesFlagsThatMakeNoSense() {
            assertThatThrownBy(() -> DemoOptions.parse("--sidecar-jar", "no/such.jar"))
                    .hasMessageContaining("no/such.jar");
            assertThatThrownBy(() -> DemoOptions.parse("--port=nine")).hasMessageContaining("'nine'");
            assertThatThrownBy(() -> DemoOptions.parse("--engine-url=localhost:8000"))
                    .hasMessageContaining("http://");
        }
    }

    @Nested
    class TheStatusLine {
        @Test
        void showsADashForWhatIsUnknown() {
            assertThat(StatusLine.of(3, Map.of("phase", "starting", "error", "engine refuses connections")))
                    .isEqualTo("   3 s  starting  -            - [............]       -       -     -     -");
        }

        @Test
        void marksALoadBeyondTheBar() {
            assertThat(StatusLine.of(3, Map.of("load_ratio", 2.5))).contains(" 2.50 [############+");
        }

        @Test
        void fitsATerminalOfAHundredColumns() {
            Map<String, Object> much = Map.of(
                    "phase", "suspended",
                    "role", "standby",
                    "reason", "because ".repeat(40),
                    "load_ratio", 12.5,
                    "running_requests", 1024.0,
                    "waiting_requests", 99999.0,
                    "kv_cache_usage_ratio", 1.0,
                    "demand_pods", 17.86);
            assertThat(StatusLine.of(9999, much)).hasSizeLessThanOrEqualTo(100);
            assertThat(StatusLine.why(much)).hasSize(100).endsWith("...");
            assertThat(StatusLine.HEAD).hasSizeLessThanOrEqualTo(100);
        }

        @Test
        void saysSoWhenNobodyAnswers() {
            assertThat(StatusLine.of(3, Map.of())).isEqualTo("   3 s  the sidecar does not answer yet");
        }
    }
}
