package dev.pilotlight.pod;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.inject.Corpus;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestFactory;

/** The sidecar comes to the container, port and slot limit that the injection came to, told or not. */
class VllmContainerTest {
    private static List<String> read(JsonObject pod, Optional<String> told) {
        VllmContainer vllm = OwnPod.of(pod, told).vllm().orElseThrow();
        return List.of(
                vllm.name(),
                text(vllm.arguments().port()),
                text(vllm.arguments().maxNumSeqs()));
    }

    private static String text(OptionalInt number) {
        return number.isPresent() ? "" + number.getAsInt() : "-";
    }

    @Nested
    class InAPodOfTheCorpus {
        @TestFactory
        Stream<DynamicTest> isTheOneThatTheInjectionNamed() {
            return Corpus.each(Corpus.Case::injected, it -> {
                List<String> read = read(it.pod(), Optional.of(it.container()));
                // A port that its owner gave by annotation is told by the URL, and not read again.
                String port = annotated(it, "port") ? read.get(1) : it.port();
                assertThat(read).isEqualTo(List.of(it.container(), port, it.slots()));
            });
        }

        @TestFactory
        Stream<DynamicTest> isFoundByTheSameRulesWhereNobodyNamesIt() {
            return Corpus.each(
                    it -> it.injected() && !annotated(it, "container") && !annotated(it, "port"),
                    it -> assertThat(read(it.pod(), Optional.empty()))
                            .isEqualTo(List.of(it.container(), it.port(), it.slots())));
        }

        private static boolean annotated(Corpus.Case it, String key) {
            return it.pod()
                    .getJsonObject("metadata")
                    .getJsonObject("annotations", new JsonObject())
                    .containsKey("pilotlight.dev/" + key);
        }
    }
}
