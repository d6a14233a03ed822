package dev.pilotlight.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ExcerptTest {
    @Test
    void makesOneLineOfMany() {
        assertThat(Excerpt.of("first\n2026-11-29 WARN forged\r\n\tlast"))
                .isEqualTo("first 2026-11-29 WARN forged last");
    }

    @Test
    void writesWhatMovesACursorOrHidesTextAsItsNumber() {
        assertThat(Excerpt.of("a\u001b[2Kb\u0000c\u202ed\u2028e\u200bf"))
                .isEqualTo("a\\u001b[2Kb\\u0000c\\u202ed\\u2028e\\u200bf");
        assertThat(Excerpt.of(new String(Character.toChars(0xe0001)))).isEqualTo("\\u0e0001");
    }

    @Test
    void endsAfterSoManyCharacters() {
        assertThat(Excerpt.of("é".repeat(1000))).isEqualTo("é".repeat(Excerpt.LONGEST) + "…");
        assertThat(Excerpt.of("\u0000".repeat(1000), 12)).isEqualTo("\\u0000\\u0000…");
    }

    @Test
    void takesBytesAsTheyCome() {
        byte[] cut = "Grüße".getBytes(StandardCharsets.UTF_8);
        assertThat(Excerpt.of(cut, 3)).isEqualTo("Gr\ufffd");
        assertThat(Excerpt.of(new byte[] {(byte) 0xff, 'a'}, 2)).isEqualTo("\ufffda");
    }

    @Test
    void leavesPlainTextAsItIs() {
        assertThat(Excerpt.of("{\"error\":{\"message\":\"模型 not found 🚀\"}}"))
                .isEqualTo("{\"error\":{\"message\":\"模型 not found 🚀\"}}");
    }
}
