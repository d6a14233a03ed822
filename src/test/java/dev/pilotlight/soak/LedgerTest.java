package dev.pilotlight.soak;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.soak.Ledger.Look;
import dev.pilotlight.soak.Ledger.Minute;
import java.util.List;
import org.junit.jupiter.api.Test;

class LedgerTest {
    private static final Minute BUSY_START = new Minute(90_000, 60, 200, 400);
    private static final Minute USUAL = new Minute(100_000, 40, 60, 30);

    private static Ledger of(Minute... minutes) {
        Ledger ledger = new Ledger();
        for (Minute minute : minutes) {
            ledger.add(minute);
        }
        return ledger;
    }

    @Test
    void findsNothingInWhatEndsAsItBegan() {
        assertThat(of(BUSY_START, USUAL, new Minute(160_000, 90, 4_000, 90), USUAL)
                        .grown())
                .isEmpty();
    }

    @Test
    void findsWhatHasGrown() {
        assertThat(of(BUSY_START, USUAL, new Minute(120_001, 45, 77, 66)).grown())
                .containsExactly(
                        "resident KiB ended at 120001: at most 120000 by what it began with",
                        "threads ended at 45: at most 44 by what it began with",
                        "descriptors ended at 77: at most 76 by what it began with",
                        "lines of log in a minute ended at 66: at most 65 by what it began with");
    }

    @Test
    void takesTheMedianOfAMinute() {
        assertThat(Minute.of(List.of(new Look(5, 1, 9), new Look(900, 7, 8), new Look(6, 2, 700)), 3))
                .isEqualTo(new Minute(6, 2, 9, 3));
    }

    @Test
    void writesTheTableOfStartAndEnd() {
        assertThat(of(BUSY_START, USUAL, new Minute(110_000, 90, 50, 31), USUAL).table())
                .isEqualTo("""
                | | minute 2 | minute 4 | most in between |
                | --- | --- | --- | --- |
                | resident, MiB | 97.7 | 97.7 | 107.4 |
                | threads | 40 | 40 | 90 |
                | descriptors | 60 | 60 | 60 |
                | lines of log in the minute | 30 | 30 | 31 |""");
    }
}
