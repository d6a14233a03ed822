package dev.pilotlight.drain;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class RefusalsTest {
    private static final Instant NOW = Instant.parse("2026-11-29T00:00:00Z");

    @Test
    void countEveryReasonFromZero() {
        assertThat(Refusals.NONE.counts()).hasSize(Refusal.values().length).allSatisfy((_, count) -> assertThat(count)
                .isZero());
        Refusals two = Refusals.NONE.add(Refusal.HOST, NOW).add(Refusal.HOST, NOW);
        assertThat(two.counts().get(Refusal.HOST)).isEqualTo(2);
        assertThat(two.counts().get(Refusal.STAYS)).isZero();
    }

    @Test
    void areSaidOnceAMinuteForEachReason() {
        Refusals after = Refusals.NONE.add(Refusal.HOST, NOW);
        assertThat(Refusals.NONE.isNews(Refusal.HOST, NOW)).isTrue();
        assertThat(after.isNews(Refusal.HOST, NOW.plusSeconds(59))).isFalse();
        assertThat(after.isNews(Refusal.STAYS, NOW.plusSeconds(1))).isTrue();
        assertThat(after.add(Refusal.HOST, NOW.plusSeconds(59)).isNews(Refusal.HOST, NOW.plusSeconds(60)))
                .isTrue();
    }
}
