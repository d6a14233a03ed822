package dev.pilotlight.signal;

import dev.pilotlight.mutation.Mutant;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each part of the load's formulas is there for a law: changed in its source, compiled and held against {@link LoadLawsTest} and the four slots of {@link LoadPropertiesTest}, it breaks one.
 * {@code make test-mutants}; every mutant takes some seconds, one that lived would take half a minute.
 */
@Tag("mutants")
class LoadMutantsTest {
    private static final List<String> LAWS = List.of(
            "signal.LoadPropertiesTest$OnFourSlots",
            "signal.LoadLawsTest$WhatWasIsForgotten",
            "signal.LoadLawsTest$WhatIsSeen",
            "signal.LoadLawsTest$WhatIsNotOurWork",
            "signal.LoadLawsTest$AConstantNumberInFlight");

    @TempDir
    Path folder;

    private static Stream<Mutant> mutants() {
        return Stream.of(
                new Mutant("signal/Formulas", "taken * (1 + bend) / (1 + bend * taken)", "taken"),
                new Mutant("signal/Formulas", "taken * (1 + bend) / (1 + bend * taken)", "Math.sqrt(taken)"),
                new Mutant("signal/Formulas", "Math.min(comes, most(chance, price.getAsDouble()))", "comes"),
                new Mutant("signal/Formulas", "Math.min(comes, most(chance, price.getAsDouble()))", "least(chance)"),
                new Mutant("signal/Formulas", "Math.max(least(chance), Math.min(comes", "Math.max(0, Math.min(comes"),
                new Mutant(
                        "signal/Load",
                        "interval.stoodStill() && elapsed",
                        "interval.stoodStill() && 99 < elapsed && elapsed"),
                new Mutant("signal/Load", "price.isOverBy(late) ? LATE_PRICE_SECONDS / 2 : memory()", "memory()"),
                new Mutant(
                        "signal/Formulas",
                        "Math.max(0, meter.last().waiting() - meter.last().deferred())",
                        "meter.last().waiting()"),
                new Mutant(
                        "signal/Formulas",
                        "double lasts = meter.learned().limits().queueLasts(work);",
                        "double lasts = 0;"),
                new Mutant(
                        "signal/Price",
                        "podSeconds * keep + inUse * seen.seconds()",
                        "podSeconds * keep + seen.seconds()"),
                new Mutant(
                        "signal/Price",
                        "requests * keep + passed(seen.requests())",
                        "requests * keep + seen.requests().finished()"),
                new Mutant(
                        "signal/StepTimes",
                        "batch + prompt * Math.clamp(batch - 1, 0, 1) + TOKENS_OF_A_STEP * cacheUse",
                        "1"),
                new Mutant("signal/StepTimes", "(together + leaning * believed) / (varies + leaning)", "believed"),
                new Mutant(
                        "signal/Limits",
                        "level.isTheLimit() && !cacheIsFull ? Math.max(batch, level.most()) : batch",
                        "batch"));
    }

    @TestFactory
    Stream<DynamicTest> dies() {
        return mutants().map(mutant -> DynamicTest.dynamicTest(mutant.toString(), () -> mutant.diesBy(LAWS, folder)));
    }
}
