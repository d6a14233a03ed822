package dev.pilotlight.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretTest {
    @TempDir
    private Path folder;

    @Test
    void isReadAgainWhenItsFileChanges() throws IOException {
        Path file = Files.writeString(folder.resolve("key"), "first\n");
        Secret key = Secret.in(file, "pilotlight.engine.api-key-file");
        assertThat(key.get()).contains("first");
        Files.writeString(file, "second-one\n");
        assertThat(key.get()).contains("second-one");
    }

    @Test
    void staysAsItWasWhileItsFileHoldsNone() throws IOException {
        Path file = Files.writeString(folder.resolve("key"), "first\n");
        Secret key = Secret.in(file, "pilotlight.engine.api-key-file");
        Files.writeString(file, "");
        assertThat(key.get()).contains("first");
        Files.delete(file);
        assertThat(key.get()).contains("first");
        Files.writeString(file, "second");
        assertThat(key.get()).contains("second");
    }

    @Test
    void isNoneThatIsEmptyOrOfTwoLinesOrNoHeader() throws IOException {
        assertThat(Secret.problem(" \n")).contains("it is empty; give the key, one line of it");
        assertThat(Secret.problem("one\ntwo\n")).contains("it has 2 lines; give the key alone, one line");
        assertThat(Secret.problem("sk-\u0001")).isPresent();
        assertThat(Secret.problem("Bearer sk")).isPresent();
        assertThat(Secret.problem("sk-1\r\n")).isEmpty();
        assertThat(Secret.problem(folder.resolve("nowhere"))).contains("there is no such file");
    }

    @Test
    void isNeverQuoted() {
        assertThat(Secret.problem("sk-1\nsk-2")).isPresent().get().asString().doesNotContain("sk-");
        assertThat(Secret.of("sk-1").toString()).doesNotContain("sk-1");
    }
}
