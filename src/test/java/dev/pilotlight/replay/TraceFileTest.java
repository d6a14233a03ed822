package dev.pilotlight.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceFileTest {
    @TempDir
    Path folder;

    private Path file(String name, String... lines) throws IOException {
        return Files.write(folder.resolve(name), List.of(lines));
    }

    @Test
    void readsSecondsOrDatesWithOrWithoutAHeader() throws IOException {
        Arrivals seconds = TraceFile.read(file("a.csv", "10.5,100,20", "12,200,30"));
        Arrivals dates = TraceFile.read(file(
                "b.csv",
                "TIMESTAMP,ContextTokens,GeneratedTokens",
                "2023-11-16 18:15:46.5000000,100,20",
                "2023-11-16 18:15:48.0000000,200,30"));
        for (Arrivals trace : List.of(seconds, dates)) {
            assertThat(trace.size()).isEqualTo(2);
            assertThat(trace.atNanos(1)).isEqualTo(1_500_000_000L);
            assertThat(trace.promptTokens(1)).isEqualTo(200);
            assertThat(trace.outputTokens(1)).isEqualTo(30);
        }
    }

    @Test
    void readsMooncakesLines() throws IOException {
        Arrivals trace = TraceFile.read(file(
                "m.jsonl", "{\"timestamp\": 3000, \"input_length\": 6755, \"output_length\": 500, \"hash_ids\": [1]}"));
        assertThat(trace.atNanos(0)).isEqualTo(3_000_000_000L);
        assertThat(trace.promptTokens(0)).isEqualTo(6755);
        assertThat(trace.outputTokens(0)).isEqualTo(500);
    }

    @Test
    void saysWhichLineItCanNotRead() throws IOException {
        Path wrong = file("w.csv", "arrival,prompt,output", "1,100,20", "2,many,20");
        assertThatThrownBy(() -> TraceFile.read(wrong))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("w.csv:3: '2,many,20'");
    }

    @Test
    void saysWhatItWantsOfOtherKeysAndOfNumbersThatCanNotBe() throws IOException {
        List.of(
                        file(
                                "keys.jsonl",
                                "{\"timestamp\": 1, \"input_length\": 2, \"output_length\": 3}",
                                "{\"ts\": 1, \"prompt\": 5}"),
                        file("minus.csv", "arrival,prompt,output", "-1,100,-20"),
                        file("broken.jsonl", "", "{\"timestamp\": "))
                .forEach(wrong -> assertThatThrownBy(() -> TraceFile.read(wrong))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageStartingWith(wrong + ":2: ")
                        .hasMessageContaining("1 or more")
                        .message()
                        .hasLineCount(1));
        Path empty = file("empty.csv", "arrival,prompt,output");
        assertThatThrownBy(() -> TraceFile.read(empty)).hasMessage("empty.csv holds no request");
    }
}
