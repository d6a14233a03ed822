package dev.pilotlight.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RepeatsTest {
    private static final Instant START = Instant.parse("2026-11-24T12:00:00Z");

    private Repeats repeats = Repeats.NONE;
    private final List<String> written = new ArrayList<>();

    private void log(double second, String text) {
        Repeats.Verdict verdict = repeats.look("a.b", text, START.plusMillis(Math.round(second * 1000)));
        repeats = verdict.next();
        if (verdict.isWritten()) {
            written.add(text + (verdict.leftOut() > 0 ? " +" + verdict.leftOut() : ""));
        }
    }

    @Test
    void writesTheFirstThreeOfAMinute() {
        for (int i = 0; i < 80; i++) {
            log(i / 2.0, "Thread[vert.x-eventloop-thread-0] has been blocked for " + (2000 + i * 500) + " ms");
        }
        assertThat(written).hasSize(3);
    }

    @Test
    void saysHowManyWereLeftOut() {
        for (int i = 0; i < 13; i++) {
            log(i, "failed, error id 996f7921-96b2-4f11-be34-ae3a8d2c9279-" + i);
        }
        log(61, "failed, error id 996f7921-96b2-4f11-be34-ae3a8d2c9279-99");
        assertThat(written).hasSize(4).last().asString().endsWith("-99 +10");
    }

    /** A line a second for a day: 3 in the first minute, then after 2, 4, 8, 16, 32 minutes, then one an hour. */
    @Test
    void saysOfWhatLastsForADayThatItDoesAndLittleMore() {
        for (int second = 0; second < 86_400; second++) {
            log(second, "the engine's page is not believed: vllm:num_requests_running is " + second);
        }
        assertThat(written.size()).isBetween(28, 36);
    }

    @Test
    void takesWhatComesAgainAfterAPauseForNews() {
        for (int second = 0; second < 600; second++) {
            log(second, "engine unreachable");
        }
        written.clear();
        for (int second = 0; second < 10; second++) {
            log(10_000 + second, "engine unreachable");
        }
        assertThat(written).hasSize(3);
    }

    @Test
    void writesEachOfDifferentLines() {
        log(0, "phase starting -> warming");
        log(0, "phase warming -> ready");
        log(0, "role active");
        log(0, "engine unreachable: nothing listens");
        assertThat(written).hasSize(4);
    }

    @Test
    void writesAHundredAtOnceAndOneASecondWhateverTheySay() {
        for (int i = 0; i < 10_000; i++) {
            log(i / 100.0, "line " + Integer.toString(i, 26).replaceAll("[0-9]", "x"));
        }
        assertThat(written.size()).isBetween(150, 201);
    }

    @Test
    void forgetsWhatItKnewOfOldLinesRatherThanGrow() {
        for (int i = 0; i < 10_000; i++) {
            log(i * 2, "word " + Integer.toString(i, 36).replaceAll("[0-9]", "z"));
        }
        assertThat(repeats.seen()).hasSizeLessThanOrEqualTo(64);
    }
}
