package dev.pilotlight.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.drain.Drain;
import dev.pilotlight.drain.DrainOrder;
import dev.pilotlight.health.HealthRules;
import dev.pilotlight.lifecycle.Condition;
import dev.pilotlight.lifecycle.Refusal;
import dev.pilotlight.loop.World.Engine;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What went wrong in the field, each with what is right; named as the reports of it are kept. */
class CasesTest {
    private static World served() {
        World world = new World().seconds(3).ready();
        assertThat(phase(world)).isEqualTo("ready");
        return world;
    }

    private static String phase(World world) {
        return world.picture.phase().word();
    }

    private static boolean isReady(World world) {
        return HealthRules.ready(world.picture, world.now).up();
    }

    private static boolean isLive(World world) {
        return HealthRules.engine(world.picture).up();
    }

    private static Drain drained(World world) {
        return world.picture.drain().orElseThrow();
    }

    private static void drains(World world, int deadlineSeconds) {
        world.drain = Optional.of(new DrainOrder(world.now, world.now.plusSeconds(deadlineSeconds), "a test"));
        world.second();
    }

    @Nested
    class ASoundEngine {
        /** vllm PR 20775, 50778: 503 to everything while ranks are added. */
        @Test
        void elasticEp503() {
            World world = served();
            world.engine = Engine.GARBLED;
            world.health = 503;
            world.healthSays = "{\"error\":\"The model is currently scaling. Please try again later.\"}";
            for (int second = 0; second < 300; second++) {
                world.second();
                assertThat(phase(world)).isEqualTo("suspended");
                assertThat(isLive(world)).isTrue();
                assertThat(isReady(world)).isFalse();
            }
            world.healthSays = "";
            world.serve().seconds(2);
            assertThat(phase(world)).isEqualTo("ready");
        }

        /** prime-rl 2375, open-instruct 1480: weights are replaced for minutes, and nothing moves meanwhile. */
        @Test
        void rlWeightUpdateInFlight() {
            World world = served();
            world.rank().running = 4;
            world.weightUpdates = 1;
            world.hangs = true;
            for (int second = 0; second < 200; second++) {
                world.second();
                assertThat(phase(world)).isEqualTo("suspended");
                assertThat(isLive(world)).isTrue();
            }
            world.weightUpdates = 0;
            world.hangs = false;
            world.second();
            assertThat(phase(world)).isEqualTo("ready");
        }

        /** --disable-log-stats with every place taken: our requests wait their turn, and nobody can see that others move. */
        @Test
        void disableLogStatsUnderLoad() {
            World world = served();
            world.engine = Engine.GARBLED;
            for (int second = 0; second < 3_600; second++) {
                world.second();
                assertThat(isLive(world)).isTrue();
                assertThat(isReady(world)).isTrue();
                assertThat(world.picture.role().orElseThrow().word()).isEqualTo("active");
            }
            assertThat(world.picture.conditions().has(Condition.PAGE_UNREADABLE))
                    .isTrue();
        }

        /** vllm 22545: the gauges stand at what they were when all clients hung up. */
        @Test
        void staleGaugesAfterAborts() {
            World world = served();
            world.rank().running = 106;
            world.rank().waiting = 15;
            for (int second = 0; second < 600; second++) {
                world.rank().tokens -= 106 * 30;
                world.second();
                assertThat(isLive(world)).isTrue();
                assertThat(isReady(world)).isTrue();
            }
        }

        /** vllm PR 13495, kserve PR 6106: the certificate was rotated, and the authorities here are the old ones. */
        @Test
        void tlsRotation() {
            World world = new World().seconds(5);
            world.engine = Engine.OTHER_CERTIFICATE;
            for (int second = 0; second < 3_600; second++) {
                world.second();
                assertThat(isLive(world)).isTrue();
            }
            assertThat(HealthRules.ready(world.picture, world.now).reason()).contains("certificate");
            world.ready();
            assertThat(isReady(world)).isTrue();
        }
    }

    @Nested
    class ABrokenEngine {
        /** vllm 36960, kserve 6259: every request is answered 500 beside a healthy /health. */
        @Test
        void everyRequest500Health200() {
            World world = served();
            world.refusal = Optional.of(Refusal.ERROR);
            world.seconds(60 + 25);
            assertThat(isReady(world)).isFalse();
            assertThat(isLive(world)).as("the policy's safe default").isTrue();
            assertThat(world.picture.role()).isEmpty();
            world.refusal = Optional.empty();
            world.seconds(15);
            assertThat(isReady(world)).as("the first answer ends it").isTrue();
        }

        /** vllm-metal 479: six wait, none runs, and there is room for all. */
        @Test
        void livelockWaitingCapacityKv0() {
            World world = served();
            world.rank().waiting = 6;
            world.hangs = true;
            world.seconds(60 + 30 + 5);
            assertThat(isReady(world)).isFalse();
            assertThat(HealthRules.ready(world.picture, world.now).reason()).contains("stuck");
            world.seconds(300);
            assertThat(isLive(world)).isFalse();
        }

        /** Frozen for three minutes: the first answer of its own ends the verdict. */
        @Test
        void comesBackAtOnce() {
            World world = served();
            world.engine = Engine.SILENT;
            world.hangs = true;
            world.seconds(180);
            assertThat(isReady(world)).isFalse();
            world.hangs = false;
            world.serve().seconds(2);
            assertThat(isReady(world)).isTrue();
        }

        /** vllm 40814: one port of several is read. */
        @Test
        void dpSupervisorMultiPort() {
            World world = served();
            world.cluster = ConditionsTest.startedWith("--data-parallel-multi-port-external-lb");
            world.second();
            assertThat(world.picture.conditions().has(Condition.PARTLY_SEEN)).isTrue();
            assertThat(isReady(world)).isTrue();
        }
    }

    @Nested
    class ADrain {
        /** The pod of a stuck engine is deleted: nothing in flight will end. */
        @Test
        void drainOfAStuckEngine() {
            World world = served();
            world.rank().running = 6;
            world.hangs = true;
            world.seconds(130);
            assertThat(phase(world)).isEqualTo("failed");
            drains(world, 325);
            world.seconds(6);
            assertThat(drained(world).ended())
                    .hasValueSatisfying(end -> assertThat(end.how()).contains("nothing in flight will end", "stuck"));
        }

        /** A long step while the pod leaves: its requests are waited for. */
        @Test
        void waitsForALongStep() {
            World world = served();
            world.rank().running = 6;
            world.seconds(5);
            world.hangs = true;
            drains(world, 325);
            world.seconds(100);
            assertThat(drained(world).ended()).isEmpty();
            world.hangs = false;
            world.seconds(5);
            world.rank().running = 0;
            world.seconds(3);
            assertThat(drained(world).ended())
                    .hasValueSatisfying(end -> assertThat(end.clean()).isTrue());
        }

        /** dynamo 9344, vllm PR 58004: nothing runs, and another server still has to fetch the KV blocks. */
        @Test
        void drainPrefillKvPinned() {
            World world = served();
            world.pinned = OptionalDouble.of(4);
            world.rank().kvCacheUse = OptionalDouble.of(0.31);
            drains(world, 120);
            world.seconds(30);
            assertThat(drained(world).ended()).isEmpty();
            assertThat(drained(world).inFlight()).hasValue(4);
            world.pinned = OptionalDouble.of(0);
            world.rank().kvCacheUse = OptionalDouble.of(0);
            world.seconds(3);
            assertThat(drained(world).ended())
                    .hasValueSatisfying(end -> assertThat(end.clean()).isTrue());
        }

        /** The same before there was a gauge for it: for a minute. */
        @Test
        void drainPrefillKvHeldUnsaid() {
            World world = served();
            world.rank().kvCacheUse = OptionalDouble.of(0.31);
            drains(world, 120);
            world.seconds(50);
            assertThat(drained(world).ended()).isEmpty();
            world.seconds(15);
            assertThat(drained(world).ended()).isPresent();
        }

        /** vllm 22545, 29928: gauges stand at what is long gone; one request of ours makes the engine write them anew. */
        @Test
        void drainBesideStaleGauges() {
            World world = served();
            world.rank().running = 106;
            world.rank().waiting = 15;
            world.load = OptionalDouble.of(0);
            drains(world, 200);
            long probes = world.probes();
            for (int second = 0; second < 40 && drained(world).ended().isEmpty(); second++) {
                if (world.probes() > probes && !world.probeIsOut()) {
                    world.rank().running = world.rank().waiting = 0;
                }
                world.rank().tokens -= world.rank().running * 30;
                world.second();
            }
            assertThat(drained(world).ended())
                    .hasValueSatisfying(end -> assertThat(end.clean()).isTrue());
        }

        /** Realtime connections are requests, though no gauge of the scheduler shows one between two turns. */
        @Test
        void waitsForOpenWebSockets() {
            World world = served();
            world.webSockets = OptionalDouble.of(2);
            drains(world, 120);
            world.seconds(30);
            assertThat(drained(world).inFlight()).hasValue(2);
            assertThat(drained(world).ended()).isEmpty();
        }
    }
}
