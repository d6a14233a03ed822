package dev.pilotlight.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedactedTest {
    @ParameterizedTest
    @CsvSource({
        "http://10.0.0.7:9400/metrics, http://10.0.0.7:9400/metrics",
        "http://user:secret@10.0.0.7:9400/metrics, http://***@10.0.0.7:9400/metrics",
        "https://secret@host, https://***@host",
        "http://user:se/c@ret@host/a, http://***@host/a",
        "no answer from http://u:p@h:1/metrics within 2 s, no answer from http://***@h:1/metrics within 2 s",
        "user@example.com, user@example.com",
    })
    void hidesTheUserAndThePasswordOfAUrl(String text, String shown) {
        assertThat(Redacted.url(text)).isEqualTo(shown);
    }
}
