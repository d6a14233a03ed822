package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pilotlight.mutation.Mutant;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** What the documents promise has a test beside it that fails once the line that keeps the promise is gone: {@code make test-mutants}. */
@Tag("mutants")
class PromisesTest {
    private static final String PLANNER = "pool/managed/Planner";

    @TempDir
    Path folder;

    /**
     * A promise and the change that breaks it.
     *
     * @param tests the test class beside it
     */
    private record Promise(String text, String tests, Mutant broken) {
        Promise(String text, String tests, String file, String from, String to) {
            this(text, tests, new Mutant(file, from, to));
        }
    }

    private static Stream<Promise> promises() {
        return Stream.of(
                new Promise(
                        "nobody is demoted while an active pod is unreachable",
                        "pool.managed.PlannerTest",
                        PLANNER,
                        "|| !pool.unreachable().isEmpty()",
                        ""),
                new Promise(
                        "an active pod that is down stays named where no other takes its place",
                        "pool.managed.PlannerTest",
                        PLANNER,
                        "pool.down().stream().limit(Math.max(0, missing)).forEach(active::add);",
                        ""),
                new Promise(
                        "no more pods that are down stay named than are missing",
                        "pool.managed.PlannerTest",
                        PLANNER,
                        "pool.down().stream().limit(Math.max(0, missing)).forEach(active::add);",
                        "active.addAll(pool.down());"),
                new Promise(
                        "a demotion takes out none but the one demoted",
                        "pool.managed.PlannerTest",
                        PLANNER,
                        "active.remove(least.name());\n                    active.addAll(pool.down());",
                        "active.remove(least.name());"),
                new Promise(
                        "who is gone is taken out of the plan in the end",
                        "pool.managed.PlannerTest",
                        PLANNER,
                        "TIDY = Duration.ofSeconds(30)",
                        "TIDY = Duration.ofDays(30)"),
                new Promise(
                        "who is gone costs no write of its own at once",
                        "pool.managed.PlannerTest",
                        PLANNER,
                        "TIDY = Duration.ofSeconds(30)",
                        "TIDY = Duration.ZERO"),
                new Promise(
                        "a tidied plan names those still that are down",
                        "pool.managed.PlannerTest",
                        PLANNER,
                        "active.addAll(pool.down());\n                    active.addAll(pool.unreachable());",
                        "active.addAll(pool.unreachable());"),
                new Promise(
                        "a tidied plan names those still that answer nobody",
                        "pool.managed.PlannerTest",
                        PLANNER,
                        "active.addAll(pool.down());\n                    active.addAll(pool.unreachable());",
                        "active.addAll(pool.down());"),
                new Promise(
                        "a pod that drains is not disrupted while requests are in flight",
                        "pod.metadata.MetadataTrackTest",
                        "pod/metadata/DesiredMetadata",
                        "case Phase.Ready _, Phase.Draining _ -> inputs.onTraffic();\n"
                                + "            case Phase.Suspended _, Phase.Failed _ -> false;",
                        "case Phase.Ready _ -> inputs.onTraffic();\n"
                                + "            case Phase.Suspended _, Phase.Failed _, Phase.Draining _ -> false;"),
                new Promise(
                        "a load at the edge of its band writes no cost",
                        "pod.metadata.MetadataTrackTest",
                        "pod/metadata/DeletionCostBand",
                        "SLACK = 0.05",
                        "SLACK = 0"),
                new Promise(
                        "a load well below its band's edge is in the next one",
                        "pod.metadata.MetadataTrackTest",
                        "pod/metadata/DeletionCostBand",
                        "SLACK = 0.05",
                        "SLACK = 0.5"),
                new Promise(
                        "a sidecar that restarts without a plan in sight serves as before",
                        "pool.role.RoleTrackTest",
                        "pool/role/RoleTrack",
                        "starved || wasActive ?",
                        "starved ?"),
                new Promise(
                        "a sidecar that restarts beside a plan of strangers serves as before",
                        "pool.role.RoleTrackTest",
                        "pool/role/RoleTrack",
                        "wasActive ? active(now) : role.orElse(new Role.Standby(now));\n                    };",
                        "role.orElse(new Role.Standby(now));\n                    };"),
                new Promise(
                        "a label says what was, not what is",
                        "pool.role.RoleTrackTest",
                        "pool/role/RoleTrack",
                        "role.isEmpty() && inputs.labelled()",
                        "inputs.labelled()"),
                new Promise(
                        "a GPU reading that is stale is in no signal",
                        "loop.TickTest",
                        "loop/GpuTrack",
                        "now).compareTo(staleAfter) <= 0",
                        "now).compareTo(staleAfter.plusDays(1)) <= 0"),
                new Promise(
                        "an own request that ended after the reading was in flight at it",
                        "lifecycle.OwnRequestsTest",
                        "lifecycle/OwnRequests",
                        "end.isBefore(reading) ? 0 : 1",
                        "0"),
                new Promise(
                        "an own request that ended before the reading is in flight no more",
                        "lifecycle.OwnRequestsTest",
                        "lifecycle/OwnRequests",
                        "end.isBefore(reading) ? 0 : 1",
                        "1"),
                new Promise(
                        "what was learned of a process is not believed of the next one",
                        "signal.LoadLawsTest$WhatWasIsForgotten",
                        "signal/SignalMeter",
                        "load.filter(known -> !engine.replaced())",
                        "load.filter(_ -> true)"),
                new Promise(
                        "heavier requests are seen within seconds",
                        "signal.LoadLawsTest$WhatWasIsForgotten",
                        "signal/Load",
                        "price.isOverBy(late) ? LATE_PRICE_SECONDS / 2 : memory()",
                        "memory()"),
                new Promise(
                        "clients that hang up did come and are no work that was done",
                        "signal.LoadLawsTest$WhatWasIsForgotten",
                        "signal/Interval",
                        "return finished + running - before + queueGrew + rejected;",
                        "return finished + Math.max(0, running - before + queueGrew) + rejected;"),
                new Promise(
                        "a request that hangs up in the batch has cost something",
                        "signal.LoadLawsTest$WhatWasIsForgotten",
                        "signal/Price",
                        "return seen.finished() + (seen.running() - seen.before()) * (1 + atOnce) / 2;",
                        "return seen.finished() + Math.max(0, seen.running() - seen.before()) * (1 + atOnce) / 2;"),
                new Promise(
                        "a prompt that fits as a whole only leaves half of itself free",
                        "signal.LimitsTest",
                        "signal/Limits",
                        "1 - share.orElse(0) / 2",
                        "1"),
                new Promise(
                        "a cache that was seen full shows what of it can be used",
                        "signal.LimitsTest",
                        "signal/Limits",
                        "return cacheUse.orElse(Math.max(LEAST_USABLE_CACHE, 1 - share.orElse(0) / 2));",
                        "return Math.max(LEAST_USABLE_CACHE, 1 - share.orElse(0) / 2);"));
    }

    @TestFactory
    Stream<DynamicTest> isKept() {
        return promises()
                .map(it -> DynamicTest.dynamicTest(it.text, () -> it.broken.diesBy(List.of(it.tests), folder)));
    }

    /** A change that changes nothing: else a test that fails for another reason would kill everything. */
    @TestFactory
    Stream<DynamicTest> livesWhatIsTheSame() {
        return promises()
                .map(Promise::tests)
                .distinct()
                .map(tests -> DynamicTest.dynamicTest(tests, () -> {
                    Mutant same = new Mutant(PLANNER, "TIDY = Duration", "TIDY = Duration");
                    assertThatThrownBy(() -> same.diesBy(List.of(tests), folder))
                            .hasMessageContaining("are green");
                }));
    }
}
