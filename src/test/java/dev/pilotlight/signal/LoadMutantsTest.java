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
 * Each part of the load's formulas is there for a law: changed or left out in its source, compiled and held against the laws and properties, it breaks one.
 * {@code make test-mutants}; every mutant takes some seconds, one that lived would take half a minute.
 */
@Tag("mutants")
class LoadMutantsTest {
    private static final List<String> LAWS = List.of(
            "signal.LoadPropertiesTest$OnFourSlots",
            "signal.LoadLawsTest$WhatWasIsForgotten",
            "signal.LoadLawsTest$WhatIsSeen",
            "signal.LoadLawsTest$WhatIsNotOurWork",
            "signal.LoadLawsTest$AConstantNumberInFlight",
            "signal.RejectionsTest",
            "signal.LoadPropertiesTest$TheCapacity",
            "signal.LoadPropertiesTest$UnderSteadyTraffic",
            "signal.LoadPropertiesTest$WhenTrafficChanges");

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
                        "batch"),
                new Mutant(
                        "signal/Formulas",
                        "(entered * line.step() + prompts * line.token()) / interval.seconds()",
                        "0"),
                new Mutant("signal/Formulas", "line.step() + prompts * line.token()) / interval", "0) / interval"),
                new Mutant("signal/Formulas", "seen.lately() >= ALL_TAKEN ?", "false ?"),
                new Mutant("signal/Formulas", "Math.max(MOST_UNSEEN, there)", "99"),
                new Mutant("signal/Formulas", "work * lasts / seconds(policy.drainTime())", "0"),
                new Mutant(
                        "signal/Formulas",
                        "Math.min(MOST_BY_BACKLOG, Math.max(offered, lasts) + backlog)",
                        "lasts + backlog"),
                new Mutant(
                        "signal/Formulas",
                        "Math.min(price, meter.learned().latePrice().each().orElse(price))",
                        "price"),
                new Mutant("signal/Formulas", "offered() / bent(capacity / limit().requests())", "offered()"),
                new Mutant("signal/Formulas", "arrivalRate() - seen.arrivals()", "arrivalRate()"),
                new Mutant(
                        "signal/Formulas", "learned.latePrice().sizePerRequest()", "learned.price().sizePerRequest()"),
                new Mutant("signal/Formulas", "limit().limit().equals(Limits.CACHE)", "false"),
                new Mutant("signal/Seen", "return CHANCE * deviation", "return 0 * deviation"),
                new Mutant("signal/Seen", "-Math.expm1(-seen.seconds() / LATELY_SECONDS)", "1"),
                new Mutant("signal/Seen", "rejections > SOME_REJECTIONS", "false"),
                new Mutant("signal/StepTimes", "> A_STALL * gaps.quantile(0.5).orElse(0)", "< 0"),
                new Mutant("signal/StepTimes", "prompt * Math.clamp(batch - 1, 0, 1)", "prompt"),
                new Mutant("signal/StepTimes", "return TOKENS_OF_A_STEP * cacheUse * work.steps()", "return 0"),
                new Mutant(
                        "signal/Price",
                        "tokens.prompt / Math.max(1, tokens.generated + tokens.prompt + tokens.reading)",
                        "0"),
                new Mutant(
                        "signal/Limits",
                        "(queuedSeconds + stillSeconds) / QUEUED_SECONDS",
                        "queuedSeconds / QUEUED_SECONDS"),
                new Mutant("signal/Limits", "if (cache < slots) {", "if (cache < 0) {"),
                new Mutant("signal/ArrivalRate", "staySeconds * Math.max(0, 1 - one.events / A_RATE)", "0"),
                new Mutant("signal/ArrivalRate", "evenness.isClear() ? evenness.index() : burstiness", "burstiness"),
                new Mutant(
                        "signal/ArrivalRate",
                        "evenness.isClear() ? evenness.index() : burstiness",
                        "evenness.isClear() ? evenness.index() : 1"));
    }

    @TestFactory
    Stream<DynamicTest> dies() {
        return mutants().map(mutant -> DynamicTest.dynamicTest(mutant.toString(), () -> mutant.diesBy(LAWS, folder)));
    }
}
