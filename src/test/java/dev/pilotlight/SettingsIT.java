package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Image;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.WaitsMostly;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What keeps the packaged sidecar from starting, and how it says so. */
@WaitsMostly
class SettingsIT {
    private record Ended(int code, String said) {}

    private static Ended run(int port, String... settings) throws IOException, InterruptedException {
        List<String> options = new ArrayList<>(List.of("-Dquarkus.http.port=" + port));
        options.addAll(List.of(settings));
        Path log = Files.createTempFile("settings", ".log");
        Process process = new ProcessBuilder(Image.command(options))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("it ends").isTrue();
            return new Ended(process.exitValue(), Files.readString(log));
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void endsWith64AndNamesEveryContradictionInOneMessage() throws IOException, InterruptedException {
        Ended ended = run(
                PackagedSidecar.freePort(),
                "-Dpilotlight.engine.url=ftp://vllm",
                "-Dpilotlight.engine.poll-every=10ms",
                "-Dpilotlight.engine.stale-after=1ms",
                "-Dpilotlight.signal.target-load=75",
                "-Dpilotlight.gpu.fatal-xids=nonsense",
                "-Dpilotlight.engine.api-key=sk-one\nsk-two",
                "-Dpilotlight.warm-up.requests=[{\"prompt\":1}]");

        assertThat(ended.code()).isEqualTo(64);
        assertThat(ended.said())
                .contains(
                        "7 settings are wrong",
                        "pilotlight.engine.url=ftp://vllm",
                        "pilotlight.engine.poll-every=10ms: give 100ms to 1m",
                        "pilotlight.engine.stale-after=1ms",
                        "pilotlight.signal.target-load=75: give above 0, at most 1",
                        "pilotlight.gpu.fatal-xids",
                        "pilotlight.engine.api-key=***: it has 2 lines",
                        "pilotlight.warm-up.requests")
                .doesNotContain("\tat ", "sk-one");
    }

    @Test
    void endsWith64ForValuesThatCannotBeRead() throws IOException, InterruptedException {
        Ended ended = run(
                PackagedSidecar.freePort(),
                "-Dpilotlight.engine.poll-every=banana",
                "-Dpilotlight.gpu.source=psychic",
                "-Dpilotlight.engine.max-num-seqs=many");

        assertThat(ended.code()).isEqualTo(64);
        assertThat(ended.said())
                .contains("pilotlight.engine.poll-every", "pilotlight.gpu.source", "pilotlight.engine.max-num-seqs")
                .doesNotContain("\tat ");
    }

    @Test
    void saysEveryKindOfMistakeInOneMessageWithoutNamesOfClasses() throws IOException, InterruptedException {
        Ended ended = run(
                99_999,
                "-Dpilotlight.engine.timeout=500",
                "-Dpilotlight.engine.verify-host=flase",
                "-Dpilotlight.engine.max-num-seqs=many",
                "-Dpilotlight.engine.url=http://127.0.0.1:99999",
                "-Dpilotlight.warmup.budget=1m");

        assertThat(ended.code()).isEqualTo(64);
        assertThat(ended.said())
                .contains(
                        "6 settings are wrong",
                        "pilotlight.engine.timeout=500: has no unit; give 500ms or 500s",
                        "pilotlight.engine.verify-host=flase: give true or false",
                        "pilotlight.engine.max-num-seqs=many: is not a whole number",
                        "pilotlight.engine.url=http://127.0.0.1:99999: give a port from 1 to 65535",
                        "pilotlight.warmup.budget: there is no such setting; did you mean pilotlight.warm-up.budget?",
                        "quarkus.http.port=99999: give 0 to 65535")
                .doesNotContain("\tat ", "java.lang");
    }

    @Test
    void endsWith64ForWrongSettingsOfThePlatformAndForItsOwnAddressAsTheEngines()
            throws IOException, InterruptedException {
        assertThat(run(PackagedSidecar.freePort(), "-Dquarkus.log.level=BOGUS"))
                .extracting(Ended::code)
                .isEqualTo(64);
        int port = PackagedSidecar.freePort();
        Ended ended = run(port, "-Dquarkus.http.host=192.0.2.1", "-Dpilotlight.engine.url=http://localhost:" + port);

        assertThat(ended.code()).isEqualTo(64);
        assertThat(ended.said())
                .contains("quarkus.http.host=192.0.2.1: cannot be listened at", "is the sidecar's own port")
                .doesNotContain("\tat ");
    }

    @Test
    void endsWith64ForASettingThatDoesNotExist() throws IOException, InterruptedException {
        Ended ended = run(PackagedSidecar.freePort(), "-Dpilotlight.engine.pol-every=1s");

        assertThat(ended.code()).isEqualTo(64);
        assertThat(ended.said()).contains("pilotlight.engine.pol-every").doesNotContain("\tat ");
    }

    @Test
    void saysWhichSettingMovesItOffAPortThatIsTaken() throws IOException, InterruptedException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("0.0.0.0"))) {
            Ended ended = run(taken.getLocalPort(), "-Dpilotlight.gpu.source=none");

            assertThat(ended.code()).isEqualTo(1);
            assertThat(ended.said()).contains("quarkus.http.port").doesNotContain("\tat ");
        }
    }
}
