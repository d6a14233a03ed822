package dev.pilotlight.vllmpod;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.vllmpod.Environment.SecretKey;
import dev.pilotlight.vllmpod.VllmArguments.Access;
import dev.pilotlight.vllmpod.VllmArguments.ApiKey;
import dev.pilotlight.vllmpod.VllmArguments.Ranks;
import dev.pilotlight.vllmpod.VllmServer.Found;
import dev.pilotlight.vllmpod.VllmServer.Rank;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The ways in which people start vLLM, and what is read out of each. The pods of the corpus are in the tests of the injection. */
class VllmServerTest {
    private static JsonObject container(List<String> command, String... env) {
        JsonArray variables = new JsonArray();
        for (String variable : env) {
            int equals = variable.indexOf('=');
            variables.add(new JsonObject()
                    .put("name", variable.substring(0, equals))
                    .put("value", variable.substring(equals + 1)));
        }
        return new JsonObject()
                .put("name", "llm")
                .put("image", "example.com/llm")
                .put("command", new JsonArray(command))
                .put("env", variables);
    }

    private static Found in(JsonObject container) {
        return VllmServer.in(List.of(ContainerSpec.of(0, container)), Optional.empty(), Rank.ALONE);
    }

    private static VllmArguments server(JsonObject container) {
        return ((Found.One) in(container)).server().arguments();
    }

    private static VllmArguments said(int port, int maxNumSeqs, String model) {
        return new VllmArguments(
                number(port), number(maxNumSeqs), Optional.ofNullable(model), Access.PLAIN, Ranks.NONE);
    }

    private static OptionalInt number(int number) {
        return number > 0 ? OptionalInt.of(number) : OptionalInt.empty();
    }

    @Nested
    class OfACommand {
        static List<Arguments> commands() {
            return List.of(
                    Arguments.of(List.of("vllm", "serve", "org/model"), said(8000, 0, "org/model")),
                    Arguments.of(
                            List.of("vllm", "serve", "org/model", "--port", "9000", "--max-num-seqs", "64"),
                            said(9000, 64, "org/model")),
                    Arguments.of(
                            List.of("vllm", "serve", "--model=org/model", "--port=9000", "--max_num_seqs=64"),
                            said(9000, 64, "org/model")),
                    Arguments.of(
                            List.of("vllm", "serve", "/models/x", "--served-model-name", "llm", "llm-2"),
                            said(8000, 0, "llm")),
                    Arguments.of(
                            List.of(
                                    "python3",
                                    "-m",
                                    "vllm.entrypoints.openai.api_server",
                                    "--model",
                                    "m",
                                    "--port",
                                    "1"),
                            said(1, 0, "m")),
                    Arguments.of(
                            List.of("/bin/bash", "-c", "vllm serve org/model --port 9000 \\\n  --max-num-seqs=32"),
                            said(9000, 32, "org/model")),
                    Arguments.of(
                            List.of("sh", "-ec", "export A=1; exec vllm serve \"org/my model\" --port '9000' && true"),
                            said(9000, 0, "org/my model")),
                    Arguments.of(
                            List.of("bash", "-e", "-c", "vllm serve $MODEL --port ${PORT:-8001} --max-num-seqs 8"),
                            said(8001, 8, null)),
                    Arguments.of(List.of("vllm", "serve", "m", "--port", "1", "--port", "2"), said(2, 0, "m")),
                    Arguments.of(List.of("vllm", "serve", "--port", "--max-num-seqs", "7"), said(0, 7, null)),
                    Arguments.of(List.of("vllm", "serve", "m", "--port=eighty", "--max-num-seqs=-1"), said(0, 0, "m")),
                    Arguments.of(
                            List.of("vllm", "serve", "m", "--max-num-seqs=16", "--max-num-active-seqs=2"),
                            said(8000, 2, "m")),
                    Arguments.of(
                            List.of("vllm", "serve", "m", "--max-num-seqs=2", "--max-num-active-seqs=16"),
                            said(8000, 2, "m")),
                    Arguments.of(List.of("vllm", "serve", "m", "--max-num-active-seqs=3"), said(8000, 3, "m")),
                    Arguments.of(List.of("sh", "-c", "vllm serve \"unfinished"), said(8000, 0, "unfinished")));
        }

        @ParameterizedTest
        @MethodSource("commands")
        void understandsWhatItCanAndLeavesOutTheRest(List<String> command, VllmArguments expected) {
            assertThat(server(container(command))).isEqualTo(expected);
        }

        @Test
        void readsHowRanksArePlaced() {
            assertThat(server(container(List.of(
                                    "vllm",
                                    "serve",
                                    "m",
                                    "--data-parallel-multi-port-external-lb",
                                    "--data-parallel-size-local=4")))
                            .ranks())
                    .isEqualTo(new Ranks(true, OptionalInt.of(4), OptionalInt.empty()));
            assertThat(server(container(List.of("vllm", "serve", "m", "--api-server-count", "8")))
                            .ranks())
                    .isEqualTo(new Ranks(false, OptionalInt.empty(), OptionalInt.of(8)));
        }

        @Test
        void takesWhatALongCommandSaysForNothing() {
            String padding = "# ".repeat(9_000) + "\n";
            assertThat(in(container(List.of("bash", "-c", padding + "vllm serve m"))))
                    .isInstanceOf(Found.None.class);
        }

        @ParameterizedTest
        @ValueSource(strings = {"\\", "'", "\"", "$", "${", "$(", "`", "exec ", "(", "A=", "a;", "\\\n", "${A:-"})
        void endsWhateverStands(String piece) {
            for (String ending : List.of("", "vllm serve m", "\nvllm serve m --port")) {
                String script = piece.repeat(12_000 / piece.length()) + ending;
                assertThat(in(container(List.of("bash", "-c", script), "A=$(A)")))
                        .isNotNull();
            }
        }
    }

    @Nested
    class OfNoServer {
        static List<List<String>> commands() {
            return List.of(
                    List.of("python3", "offline.py"),
                    List.of("python3", "client.py", "vllm", "serve"),
                    List.of("sleep", "infinity"),
                    List.of("sh", "-c"),
                    List.of("sh", "-c", "echo vllm serve m"),
                    List.of("sh", "-c", "# vllm serve m\nsleep 1"),
                    List.of("sh", "vllm serve m"),
                    List.of("bash", "/start.sh", "vllm", "serve"),
                    List.of("vllm", "bench", "serve"),
                    List.of("vllm", "serve", "m", "--headless"),
                    List.of("vllm", "serve", "m", "--grpc"),
                    List.of("vllm serve m"),
                    List.of("uv", "run", "client.py", "vllm", "serve"),
                    List.of("python3", "-m", "vllm.entrypoints.openai.run_batch"),
                    List.of("ray", "start", "--head"));
        }

        @ParameterizedTest
        @MethodSource("commands")
        void isNotTaken(List<String> command) {
            assertThat(in(container(command))).isNotInstanceOf(Found.One.class);
        }
    }

    @Nested
    class OfItsVariables {
        @TestFactory
        Stream<DynamicTest> putsThemInAsTheKubeletDoes() {
            return Map.of(
                            "$(PORT)", "9001",
                            "$$(PORT)", "$(PORT)",
                            "$$$(PORT)", "$9001",
                            "$(NOT_SET)", "$(NOT_SET)",
                            "$(TWICE)", "9001",
                            "$(PORT", "$(PORT",
                            "$", "$",
                            "${PORT}", "${PORT}",
                            "a$(PORT)b$(PORT)", "a9001b9001")
                    .entrySet()
                    .stream()
                    .map(it -> DynamicTest.dynamicTest(it.getKey(), () -> assertThat(
                                    Environment.of(container(List.of(), "PORT=9001", "TWICE=$(PORT)", "LATER=$(PORT)"))
                                            .expanded(it.getKey()))
                            .isEqualTo(it.getValue())));
        }

        @Test
        void knowsOfALaterOneNothing() {
            assertThat(Environment.of(container(List.of(), "A=$(B)", "B=1")).expanded("$(A)"))
                    .isEqualTo("$(B)");
        }
    }

    @Nested
    class OfItsKey {
        private static ApiKey key(String container) {
            JsonObject whole = new JsonObject("{\"name\": \"vllm\", \"image\": \"vllm/vllm-openai\"}")
                    .mergeIn(new JsonObject(container));
            return server(whole).access().key();
        }

        private static final String SECRET =
                "{\"name\": \"%s\", \"valueFrom\": {\"secretKeyRef\": {\"name\": \"s\", \"key\": \"k\"}}}";

        @Test
        void isThatOfTheSecretByVariableOrArgument() {
            ApiKey inSecret = new ApiKey.InSecret(new SecretKey("s", "k"));
            assertThat(key("{\"env\": [" + SECRET.formatted("VLLM_API_KEY") + "]}"))
                    .isEqualTo(inSecret);
            assertThat(key("{\"args\": [\"--api-key\", \"$(K)\"], \"env\": [" + SECRET.formatted("K") + "]}"))
                    .isEqualTo(inSecret);
            assertThat(key("{\"args\": [\"--api_key=$(K)\"], \"env\": [" + SECRET.formatted("K") + "]}"))
                    .isEqualTo(inSecret);
        }

        @Test
        void isNoneOfThisPodsBusinessWhereItStandsInTheSpec() {
            assertThat(key("{\"args\": [\"--api-key=abc\"]}")).isEqualTo(new ApiKey.Elsewhere());
            assertThat(key("{\"args\": [\"--api-key\", \"$(K)\"]}")).isEqualTo(new ApiKey.Elsewhere());
            assertThat(key("{\"env\": [{\"name\": \"VLLM_API_KEY\", \"value\": \"abc\"}]}"))
                    .isEqualTo(new ApiKey.Elsewhere());
        }

        @Test
        void isTheArgumentsBeforeTheVariables() {
            assertThat(key("{\"args\": [\"--api-key=abc\"], \"env\": [" + SECRET.formatted("VLLM_API_KEY") + "]}"))
                    .isEqualTo(new ApiKey.Elsewhere());
        }
    }

    @Nested
    class OfAScript {
        @Test
        void splitsALineAsAShellDoes() {
            assertThat(Script.commands("a  'b c' \"d \\\" e\" f\\ g h''i ''; j 2>&1 # k\nl&&m", Environment.NONE))
                    .containsExactly(
                            List.of("a", "b c", "d \" e", "f g", "hi", ""),
                            List.of("j", "2>&1"),
                            List.of("l"),
                            List.of("m"));
        }

        @Test
        void putsInWhatItSetsItself() {
            assertThat(Script.commands("A=1 B='2 3'; export C=$A$B\nrun $A $B \"$B\" $C ${D:-4} $E", Environment.NONE))
                    .last()
                    .isEqualTo(List.of("run", "1", "2", "3", "2 3", "12", "3", "4", "$E"));
        }
    }
}
