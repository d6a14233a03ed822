package dev.pilotlight.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CrashGuardTest {
    @ParameterizedTest
    @CsvSource({"132, SIGILL", "134, SIGABRT", "135, SIGBUS", "139, SIGSEGV"})
    void leavesNvmlOutAfterTwoEndsTheLastOfThemACrash(int exitCode, String signal) {
        assertThat(CrashGuard.leavesOut(2, OptionalInt.of(exitCode))).hasValueSatisfying(why -> assertThat(why)
                .startsWith("NVML is left out of this start: the sidecar ended 2 times, the last time by " + signal
                        + " (exit code " + exitCode + ")")
                .contains("pilotlight.gpu.source"));
        assertThat(CrashGuard.leavesOut(7, OptionalInt.of(exitCode))).isPresent();
    }

    @Test
    void takesOneCrashForChance() {
        assertThat(CrashGuard.leavesOut(1, OptionalInt.of(139))).isEmpty();
        assertThat(CrashGuard.leavesOut(0, OptionalInt.of(139))).isEmpty();
    }

    /** Ended in order, by an error of ours, by a wrong setting, killed for memory, told to end. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 64, 137, 143})
    void isNotAboutOtherEnds(int exitCode) {
        assertThat(CrashGuard.leavesOut(9, OptionalInt.of(exitCode))).isEmpty();
    }

    @Test
    void loadsNvmlWhereNothingIsKnown() {
        assertThat(CrashGuard.leavesOut(9, OptionalInt.empty())).isEmpty();
    }
}
