package dev.pilotlight.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The command line: what is wrong is one line that says where, and what is played is said at once. */
class MainTest {
    private static final String HPA = """
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata: { name: vllm }
            spec:
              scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: vllm }
              maxReplicas: 4
              metrics:
                - type: Pods
                  pods:
                    metric: { name: METRIC }
                    target: { TARGET }
              BEHAVIOR
            """;

    private final PrintStream out = System.out;
    private final PrintStream err = System.err;
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private final ByteArrayOutputStream complained = new ByteArrayOutputStream();

    @TempDir
    Path folder;

    @AfterEach
    void restore() {
        System.setOut(out);
        System.setErr(err);
    }

    private int run(String... args) {
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
        return Main.run(args);
    }

    private static String hpa(String metric, String target, String behavior) {
        return HPA.replace("METRIC", metric).replace("TARGET", target).replace("BEHAVIOR", behavior);
    }

    static Stream<Arguments> wrong() {
        String usual = "type: AverageValue, averageValue: 700m";
        return Stream.of(
                Arguments.of(hpa("no_such_metric", usual, ""), "the replay has no metric 'no_such_metric'"),
                Arguments.of(
                        hpa("pilotlight_load_ratio", "type: Value, value: 700m", ""),
                        "wants target.averageValue, not a target of type Value"),
                Arguments.of(
                        hpa("pilotlight_load_ratio", usual, "behavior: { scaleUp: { stabilizationWindow: 0 } }"),
                        "behavior has no stabilizationWindow"),
                Arguments.of("kind: [HorizontalPodAutoscaler", "is no YAML of Kubernetes"));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void aPolicyThatCanNotBeIsOneLine(String yaml, String why) throws IOException {
        Path policy = Files.writeString(folder.resolve("hpa.yaml"), yaml);
        Path trace = Files.write(folder.resolve("a.csv"), List.of("0,100,20", "30,100,20"));
        assertThat(run("--trace", trace.toString(), "--policy", policy.toString(), "--only", "nothing else"))
                .isEqualTo(64);
        assertThat(complained.toString(StandardCharsets.UTF_8).strip().lines().reduce((_, last) -> last))
                .hasValueSatisfying(line -> assertThat(line).contains(why));
    }

    @ParameterizedTest
    @MethodSource("options")
    void anOptionThatCanNotBeIsOneLine(List<String> args, String why) {
        assertThat(run(args.toArray(String[]::new))).isEqualTo(64);
        assertThat(complained.toString(StandardCharsets.UTF_8)).contains(why);
    }

    static Stream<Arguments> options() {
        return Stream.of(
                Arguments.of(List.of("--trace", "pom.xml", "--pods", "14-2"), "pom.xml:"),
                Arguments.of(List.of("--scenario", "no such"), "no scenario 'no such'"),
                Arguments.of(List.of("--seeds", "0"), "--seeds wants 1 or more"));
    }

    @Test
    void podsTheWrongWayRound() throws IOException {
        Path trace = Files.write(folder.resolve("a.csv"), List.of("0,100,20", "30,100,20"));
        assertThat(run("--trace", trace.toString(), "--pods", "14-2")).isEqualTo(64);
        assertThat(complained.toString(StandardCharsets.UTF_8))
                .contains("--pods wants least-most")
                .contains("'14-2'");
    }

    @Test
    void aBuiltInTraceIsSaidFirst() {
        assertThat(run("--traces", folder.toString(), "--only", "fixed fleet of 4", "--plots", folder.toString()))
                .isZero();
        assertThat(said.toString(StandardCharsets.UTF_8)).startsWith("no recorded trace in " + folder);
        assertThat(complained.toString(StandardCharsets.UTF_8)).contains("1 policies over 250 minutes", "(1 of 1)");
    }
}
