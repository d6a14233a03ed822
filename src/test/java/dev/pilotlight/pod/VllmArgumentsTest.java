package dev.pilotlight.pod;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The ways in which people start vLLM, and what is read out of each. */
class VllmArgumentsTest {
    private static VllmArguments said(int port, int maxNumSeqs, String model) {
        return new VllmArguments(
                port > 0 ? OptionalInt.of(port) : OptionalInt.empty(),
                maxNumSeqs > 0 ? OptionalInt.of(maxNumSeqs) : OptionalInt.empty(),
                Optional.ofNullable(model));
    }

    static List<Arguments> commands() {
        return List.of(
                Arguments.of(List.of(), VllmArguments.NONE),
                Arguments.of(List.of("vllm", "serve", "org/model"), said(0, 0, "org/model")),
                Arguments.of(
                        List.of("vllm", "serve", "org/model", "--port", "9000", "--max-num-seqs", "64"),
                        said(9000, 64, "org/model")),
                Arguments.of(
                        List.of("--model=org/model", "--port=9000", "--max_num_seqs=64"), said(9000, 64, "org/model")),
                Arguments.of(
                        List.of("vllm", "serve", "/models/x", "--served-model-name", "llm", "llm-2"),
                        said(0, 0, "llm")),
                Arguments.of(
                        List.of("python3", "-m", "vllm.entrypoints.openai.api_server", "--model", "m", "--port", "1"),
                        said(1, 0, "m")),
                Arguments.of(
                        List.of("/bin/bash", "-c", "vllm serve org/model --port 9000 \\\n  --max-num-seqs=32"),
                        said(9000, 32, "org/model")),
                Arguments.of(
                        List.of("sh", "-ec", "export A=1; exec vllm serve \"org/my model\" --port '9000' && true"),
                        said(9000, 0, "org/my model")),
                Arguments.of(
                        List.of("bash", "-e", "-c", "vllm serve $MODEL --port ${PORT:-8000} --max-num-seqs 8"),
                        said(0, 8, null)),
                Arguments.of(List.of("vllm", "serve", "m", "--port", "1", "--port", "2"), said(2, 0, "m")),
                Arguments.of(List.of("vllm", "serve", "--port", "--max-num-seqs", "7"), said(0, 7, null)),
                Arguments.of(List.of("vllm", "serve", "m", "--port=eighty", "--max-num-seqs=-1"), said(0, 0, "m")),
                Arguments.of(List.of("sh", "-c"), VllmArguments.NONE),
                Arguments.of(List.of("sh", "-c", "vllm serve \"unfinished"), said(0, 0, "unfinished")));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void understandsWhatItCanAndLeavesOutTheRest(List<String> words, VllmArguments expected) {
        assertThat(VllmArguments.of(words)).isEqualTo(expected);
    }

    @Test
    void splitsALineAsAShellDoes() {
        assertThat(VllmArguments.split("a  'b c' \"d \\\" e\" f\\ g h''i ''"))
                .containsExactly("a", "b c", "d \" e", "f g", "hi", "");
    }
}
