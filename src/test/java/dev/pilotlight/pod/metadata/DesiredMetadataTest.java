package dev.pilotlight.pod.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.kube.Names;
import dev.pilotlight.lifecycle.Condition;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.pool.role.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** What a pod's labels and annotations say. */
class DesiredMetadataTest {
    private static final Instant START = Instant.parse("2026-01-05T10:00:00Z");

    private static PodMetadata of(Phase phase, Optional<Role> role, boolean onTraffic, MetadataPolicy policy) {
        DesiredMetadata.Inputs inputs = new DesiredMetadata.Inputs(
                phase, role, OptionalDouble.of(0.44), onTraffic, Optional.of(Duration.ofSeconds(312)));
        return DesiredMetadata.begin(START)
                .advance(inputs, policy, START)
                .advance(inputs, policy, START.plusSeconds(30))
                .wanted(inputs, policy);
    }

    private static PodMetadata of(Phase phase, boolean onTraffic) {
        return of(phase, Optional.empty(), onTraffic, MetadataPolicy.DEFAULT);
    }

    private static boolean isPrecious(Phase phase, boolean onTraffic) {
        PodMetadata wanted = of(phase, onTraffic);
        boolean kept = wanted.annotations().get(Names.SAFE_TO_EVICT).isPresent();
        assertThat(wanted.annotations().get(Names.DO_NOT_DISRUPT).isPresent())
                .as("both autoscalers are told the same")
                .isEqualTo(kept);
        return kept;
    }

    @Test
    void keepsAPodThatLoadsAndOneThatServesAndNoOther() {
        assertThat(isPrecious(new Phase.Starting(START, "loads"), false)).isTrue();
        assertThat(isPrecious(new Phase.Ready(START, "warm"), true)).isTrue();
        assertThat(isPrecious(new Phase.Ready(START, "warm"), false)).isFalse();
        assertThat(isPrecious(new Phase.Draining(START), true)).isTrue();
        assertThat(isPrecious(new Phase.Draining(START), false)).isFalse();
        assertThat(isPrecious(new Phase.Suspended(START, "asleep", true), true)).isFalse();
        assertThat(isPrecious(new Phase.Failed(START, Condition.DEAD, "dead"), true))
                .isFalse();
    }

    @Test
    void saysWhyItIsInItsPhase() {
        assertThat(of(new Phase.Failed(START, Condition.DEAD, "the core is dead"), false)
                        .alongside())
                .containsEntry(Names.REASON, Optional.of("the core is dead"))
                .containsEntry(Names.LOAD, Optional.of("0.4"))
                .containsEntry(Names.COLD_START, Optional.of("312"));
        assertThat(of(new Phase.Suspended(START, "asleep", true), false).alongside())
                .containsEntry(Names.REASON, Optional.of("the engine is asleep on request"));
    }

    @Test
    void namesThePoolWhereThereIsOne() {
        MetadataPolicy usual = MetadataPolicy.DEFAULT;
        MetadataPolicy pooled = new MetadataPolicy(
                true, Optional.of("chat"), usual.costs(), usual.workingFrom(), usual.fullFrom(), usual.costHold());
        Phase ready = new Phase.Ready(START, "warm");
        Optional<Role> standby = Optional.of(new Role.Standby(START));
        PodMetadata wanted = of(ready, standby, false, pooled);
        assertThat(wanted.labels())
                .containsEntry(Names.POOL, Optional.of("chat"))
                .containsEntry(Names.PHASE, Optional.of("ready"))
                .containsEntry(Names.ROLE, Optional.of("standby"));
        assertThat(wanted.annotations()).containsEntry(Names.DELETION_COST, Optional.of("-100"));
        assertThat(of(ready, standby, false, usual).labels()).doesNotContainKey(Names.POOL);
    }

    @Test
    void saysNothingWhereItIsSwitchedOff() {
        MetadataPolicy usual = MetadataPolicy.DEFAULT;
        MetadataPolicy off = new MetadataPolicy(
                false, Optional.empty(), usual.costs(), usual.workingFrom(), usual.fullFrom(), usual.costHold());
        assertThat(of(new Phase.Ready(START, "warm"), Optional.empty(), true, off))
                .isEqualTo(PodMetadata.NONE);
    }
}
