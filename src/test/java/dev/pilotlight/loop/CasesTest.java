package dev.pilotlight.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.drain.Drain;
import dev.pilotlight.drain.DrainOrder;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.Sleep;
import dev.pilotlight.engine.VllmMetrics;
import dev.pilotlight.engine.VllmPage;
import dev.pilotlight.health.HealthRules;
import dev.pilotlight.lifecycle.Condition;
import dev.pilotlight.lifecycle.LivenessPolicy;
import dev.pilotlight.lifecycle.Refusal;
import dev.pilotlight.loop.World.Engine;
import dev.pilotlight.prometheus.Limits;
import dev.pilotlight.prometheus.PageReading;
import dev.pilotlight.prometheus.PrometheusText;
import dev.pilotlight.prometheus.Wanted;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What went wrong in the field, each with what is right; named as the reports of it are kept. */
class CasesTest {
    private static final LivenessPolicy WITHOUT_HEARTBEAT = new LivenessPolicy(
            Duration.ofSeconds(10),
            Duration.ofSeconds(60),
            Duration.ZERO,
            Optional.empty(),
            Optional.of(Duration.ofMinutes(5)),
            false);

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

    private static double load(World world) {
        return world.picture.signals().orElseThrow().load().orElseThrow();
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

        /** vLLM counts sleep operations in buckets of up to ten minutes; the state gauge says awake until the end of one. */
        @Test
        void fallsAsleepForMinutes() {
            World world = served();
            world.rank().running = 4;
            world.sleepOperations = 1;
            world.hangs = true;
            for (int second = 0; second < 400; second++) {
                world.second();
                assertThat(phase(world)).isEqualTo("suspended");
                assertThat(isLive(world)).isTrue();
            }
            world.sleepOperations = 0;
            world.hangs = false;
            world.second();
            assertThat(phase(world)).isEqualTo("ready");
        }

        /** Seed 64: a gateway says 503 to everything, then to /health alone, before an engine that is at a long step with a long queue. */
        @Test
        void gatewayThatLetsTheRequestsThrough() {
            World world = served();
            world.engine = World.Engine.GARBLED;
            world.health = 503;
            world.refusal = Optional.of(Refusal.ERROR);
            world.seconds(120);
            world.engine = World.Engine.SERVING;
            world.refusal = Optional.empty();
            world.hangs = true;
            world.rank().running = 1;
            world.rank().waiting = 478;
            for (int second = 0; second < 240; second++) {
                world.second();
                assertThat(isLive(world)).as("second %d", second).isTrue();
            }
        }

        /** Seed 90: three loads, and between them a process that answers 500 to everything: together longer than one may take. */
        @Test
        void severalLoadsInARow() {
            World world = served();
            for (int load = 0; load < 4; load++) {
                world.engine = World.Engine.REFUSED;
                for (int second = 0; second < 20 * 60; second++) {
                    world.second();
                    assertThat(isLive(world))
                            .as("load %d, second %d", load, second)
                            .isTrue();
                }
                world.engine = World.Engine.GARBLED;
                world.health = 500;
                world.lists = false;
                world.seconds(120);
            }
        }

        /** Seed 15 of the hunt: a gateway answers 500 to everything for longer than a start may take, and then the engine loads again. */
        @Test
        void gatewayInPlaceOfAStart() {
            World world = served();
            world.engine = World.Engine.REFUSED;
            world.seconds(60);
            world.engine = World.Engine.GARBLED;
            world.health = 500;
            world.lists = false;
            for (int second = 0; second < 3600; second++) {
                world.second();
                assertThat(isLive(world)).isTrue();
            }
            world.engine = World.Engine.REFUSED;
            for (int second = 0; second < 28 * 60; second++) {
                world.second();
                assertThat(isLive(world)).isTrue();
            }
        }

        /** A gateway that sends /health on, before an engine that lists no model for an hour: who sends on says nothing of the start. */
        @Test
        void healthThatIsARedirect() {
            World world = new World();
            world.engine = World.Engine.SERVING;
            world.health = 307;
            world.lists = false;
            for (int second = 0; second < 3600; second++) {
                world.second();
                assertThat(isLive(world)).isTrue();
            }
        }

        /** An engine that nobody asked for ten minutes, without a heartbeat, then a step of minutes: the rest is no standing still. */
        @Test
        void longStepAfterALongRest() {
            World world = new World(WITHOUT_HEARTBEAT, World.WARM_UP).seconds(3).ready();
            world.seconds(600);
            world.rank().running = 1;
            world.rank().hangs = true;
            for (int second = 1;
                    second < WITHOUT_HEARTBEAT.longestStep().orElseThrow().toSeconds();
                    second++) {
                world.second();
                assertThat(isLive(world)).isTrue();
                assertThat(isReady(world))
                        .isEqualTo(second
                                < WITHOUT_HEARTBEAT
                                        .stuckAfter()
                                        .plus(World.PROBE_TIMEOUT)
                                        .toSeconds());
            }
        }

        /** Those who waited have gone, nothing runs, and it is well again: a request of ours has to show it. */
        @Test
        void provesThatItIsBackWithoutAHeartbeat() {
            World world = new World(WITHOUT_HEARTBEAT, World.WARM_UP).seconds(3).ready();
            world.rank().running = 1;
            world.rank().hangs = true;
            world.seconds(400);
            assertThat(isLive(world)).isFalse();
            world.rank().running = 0;
            world.rank().hangs = false;
            world.seconds(5 + (int) World.PROBE_TIMEOUT.toSeconds());
            assertThat(isLive(world)).isTrue();
            assertThat(isReady(world)).isTrue();
        }

        /** Overloaded: polls run into their time limit, and our request waits longer for its turn than a canary usually may. */
        @Test
        void answersLateAndLives() {
            World world = served();
            world.rank().running = 200;
            world.rank().waiting = 900;
            world.seconds(3);
            world.engine = Engine.SILENT;
            world.late = Optional.of(Duration.ofSeconds(41));
            for (int second = 0; second < 3_600; second++) {
                world.second();
                assertThat(isLive(world)).as("second %d", second).isTrue();
            }
            assertThat(isReady(world)).isFalse();
            world.late = Optional.of(Duration.ofHours(9));
            world.seconds(6 * 60 + 41);
            assertThat(isLive(world)).as("and one that answers never is found").isFalse();
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

        /** A gateway in front of it answers a bare 503 to everything: that is nobody's death. */
        @Test
        void behindAGatewayThatSaysABare503() {
            World world = served();
            world.engine = Engine.GARBLED;
            world.health = 503;
            world.refusal = Optional.of(Refusal.ERROR);
            for (int second = 0; second < 3_600; second++) {
                world.second();
                assertThat(isLive(world)).isTrue();
                assertThat(isReady(world)).isFalse();
            }
            world.refusal = Optional.empty();
            world.serve().seconds(15);
            assertThat(isReady(world)).isTrue();
        }

        /** In maintenance it may let the page through all the same. vLLM itself answers 500 when its core is dead. */
        @Test
        void behindAGatewayThatSaysABare503ToAllButThePage() {
            World world = served();
            world.health = 503;
            world.refusal = Optional.of(Refusal.UNAVAILABLE);
            for (int second = 0; second < 3_600; second++) {
                world.second();
                assertThat(isLive(world)).isTrue();
            }
            assertThat(isReady(world)).isFalse();
        }

        /** Whoever says it: requests fail. */
        @Test
        void countsErrorsOfTheServerAndOfAGatewayTogether() {
            World world = served();
            for (int second = 0; second < 300; second++) {
                world.refusal = Optional.of(second / 10 % 2 == 0 ? Refusal.ERROR : Refusal.UNAVAILABLE);
                world.second();
                assertThat(isLive(world)).isTrue();
            }
            assertThat(isReady(world)).isFalse();
        }

        /** The same in front of one that sleeps or is paused, where the page is seen: no request of ours could be answered. */
        @Test
        void asleepOrPausedBehindAGatewayThatSaysABare503() {
            for (boolean isPaused : new boolean[] {false, true}) {
                World world = served();
                world.sleep = isPaused ? Sleep.AWAKE : Sleep.ASLEEP;
                world.pause = isPaused ? Pause.PAUSED : Pause.NONE;
                world.seconds(5);
                world.health = 503;
                for (int second = 0; second < 600; second++) {
                    world.second();
                    assertThat(phase(world)).isEqualTo("suspended");
                    assertThat(isLive(world)).isTrue();
                }
            }
        }

        /** /health is well for an hour and no model is listed; then a poll gets no answer: that is no start that took too long. */
        @Test
        void oneSilentPollAfterAnHourWithoutAModel() {
            World world = new World().seconds(3);
            world.serve();
            world.lists = false;
            world.seconds(3_600);
            world.engine = Engine.SILENT;
            world.seconds(5);
            assertThat(isLive(world)).isTrue();
            world.engine = Engine.REFUSED;
            world.seconds(60);
            assertThat(isLive(world)).as("it loads again").isTrue();
        }

        /** gpustack 6215, 6207: the Rust front end speaks OpenMetrics. */
        @Test
        void rustFrontendOpenmetrics() {
            String text = """
                    # HELP vllm:num_requests_running Number of requests in model execution batches.
                    # TYPE vllm:num_requests_running gauge
                    vllm:num_requests_running{model_name="tiny",engine="0"} 2
                    # HELP vllm:num_requests_waiting Number of requests waiting to be processed.
                    # TYPE vllm:num_requests_waiting gauge
                    vllm:num_requests_waiting{model_name="tiny",engine="0"} 1
                    # HELP vllm:generation_tokens Number of generation tokens processed.
                    # TYPE vllm:generation_tokens counter
                    vllm:generation_tokens_total{model_name="tiny",engine="0"} 640
                    # HELP vllm:request_success Count of successfully processed requests.
                    # TYPE vllm:request_success counter
                    vllm:request_success_total{model_name="tiny",engine="0",finished_reason="stop"} 2
                    vllm:request_success_total{model_name="tiny",engine="0",finished_reason="length"} 10
                    # HELP vllm:time_to_first_token_seconds Histogram of time to first token in seconds.
                    # TYPE vllm:time_to_first_token_seconds histogram
                    vllm:time_to_first_token_seconds_bucket{model_name="tiny",engine="0",le="0.1"} 5
                    vllm:time_to_first_token_seconds_bucket{model_name="tiny",engine="0",le="+Inf"} 12
                    vllm:time_to_first_token_seconds_sum{model_name="tiny",engine="0"} 3.5
                    vllm:time_to_first_token_seconds_count{model_name="tiny",engine="0"} 12
                    # EOF
                    """;
            PageReading read = new PrometheusText(Wanted.of(VllmMetrics.wanted()), Limits.DEFAULT)
                    .read(text.getBytes(StandardCharsets.UTF_8));
            assertThat(read).isInstanceOf(PageReading.Read.class);
            VllmPage said = VllmPage.read(((PageReading.Read) read).page());
            assertThat(said).isInstanceOf(VllmPage.Found.class);
            EngineSnapshot page = ((VllmPage.Found) said).snapshot();
            assertThat(page.running()).isEqualTo(2);
            assertThat(page.waiting()).isEqualTo(1);
            assertThat(page.generationTokens()).hasValue(640);
            assertThat(page.successes()).hasValue(12);
            assertThat(page.latencies().firstToken().orElseThrow().count()).isEqualTo(12);
        }

        /** vllm PR 56758: --max-num-active-seqs bounds the batch below --max-num-seqs. */
        @Test
        void maxNumActiveSeqsArgs16() {
            World world = new World(OptionalInt.empty());
            world.cluster = ConditionsTest.startedWith("--max-num-seqs=16", "--max-num-active-seqs=2");
            world.seconds(3).ready();
            world.rank().running = 2;
            world.rank().waiting = 1;
            world.seconds(60);
            assertThat(world.picture
                            .signals()
                            .orElseThrow()
                            .capacity()
                            .orElseThrow()
                            .requests())
                    .isEqualTo(2);
            assertThat(load(world)).isGreaterThanOrEqualTo(1);
        }

        /** llm-d-router 1858, 2045: the server wants a certificate of its clients. */
        @Test
        void mtlsClientCertRequired() {
            World world = new World(
                    new LivenessPolicy(
                            Duration.ofSeconds(10),
                            Duration.ofSeconds(60),
                            Duration.ofSeconds(60),
                            Optional.of(Duration.ofSeconds(60))),
                    World.WARM_UP);
            world.engine = Engine.OTHER_CERTIFICATE;
            for (int second = 0; second < 3_600; second++) {
                world.second();
                assertThat(isLive(world)).isTrue();
                assertThat(isReady(world)).isFalse();
            }
            assertThat(world.picture.conditions().has(Condition.TLS_FAILED)).isTrue();
            assertThat(phase(world.ready())).isEqualTo("ready");
        }

        /** One runs for minutes and fourteen wait: it moves. */
        @Test
        void oneRunningFourteenWaiting() {
            World world = served();
            world.rank().running = 1;
            world.rank().waiting = 14;
            world.refusal = Optional.of(Refusal.BUSY);
            for (int second = 0; second < 1_200; second++) {
                world.second();
                assertThat(isLive(world)).isTrue();
                assertThat(isReady(world)).isTrue();
            }
            assertThat(load(world)).isGreaterThan(0.9);
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

        /** /health says 200, and there is neither a page nor a list of models nor an endpoint: any web server does that. */
        @Test
        void aWebServerThatIsNoEngine() {
            World world = new World().seconds(3);
            world.engine = Engine.GARBLED;
            world.namesItsModel = false;
            world.hasNoEndpoint = true;
            for (int second = 0; second < 3_600; second++) {
                world.second();
                assertThat(isReady(world)).isFalse();
                assertThat(isLive(world)).isTrue();
            }
            assertThat(world.picture.conditions().has(Condition.NO_MODEL)).isTrue();
            assertThat(HealthRules.ready(world.picture, world.now).reason()).contains("on-failure=proceed");
            assertThat(world.warmUps()).as("asked rarely").isLessThan(30);
            world.namesItsModel = true;
            world.hasNoEndpoint = false;
            world.garbledAnswers = true;
            assertThat(phase(world.ready())).isEqualTo("ready");
        }

        /** The URL leads to a Service: the answers are those of other pods. */
        @Test
        void twoServersBehindOneUrl() {
            World world = served();
            world.alternates = true;
            world.seconds(3);
            long before = world.warmUps();
            for (int second = 0; second < 600; second++) {
                world.second();
                assertThat(isReady(world)).isFalse();
                assertThat(isLive(world)).isTrue();
            }
            assertThat(HealthRules.ready(world.picture, world.now).reason()).contains("Service or a load balancer");
            assertThat(world.warmUps()).as("none is warmed by turns").isEqualTo(before);
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

        /** The same with all ports read: the load is that of both, and the rank that goes takes the pod off, not the container. */
        @Test
        void dpSupervisorMultiPortReadTogether() {
            World world = ConditionsTest.servedByTwo();
            world.cluster = ConditionsTest.startedWith("--data-parallel-multi-port-external-lb");
            world.ranks.get(1).running = 106;
            world.ranks.get(1).waiting = 15;
            world.seconds(30);
            assertThat(world.picture.conditions().standing()).isEmpty();
            assertThat(world.picture.signals().orElseThrow().running()).isEqualTo(106);
            assertThat(load(world)).isGreaterThan(1);
            world.second = Optional.of(Engine.REFUSED);
            world.second();
            assertThat(isReady(world)).isFalse();
            assertThat(HealthRules.ready(world.picture, world.now).reason())
                    .contains("127.0.0.1:8001: nothing listens");
            world.ranks.get(1).running = world.ranks.get(1).waiting = 0;
            for (int second = 0; second < 3_600; second++) {
                world.second();
                assertThat(isLive(world)).isTrue();
            }
            world.second = Optional.of(Engine.SERVING);
            world.seconds(2);
            assertThat(isReady(world)).isTrue();
        }

        /** One of two servers hangs: the other's requests are not cut by a restart. Both: nothing is left to spare. */
        @Test
        void oneHungServerOfTwoIsNotRestartedAndTwoAre() {
            World world = ConditionsTest.servedByTwo();
            world.ranks.forEach(rank -> rank.running = 4);
            world.ranks.get(1).hangs = true;
            world.seconds(100);
            assertThat(isReady(world)).isFalse();
            assertThat(HealthRules.ready(world.picture, world.now).reason()).contains("rank 127.0.0.1:8001/");
            for (int second = 0; second < 1_000; second++) {
                world.second();
                assertThat(isLive(world)).isTrue();
            }
            world.ranks.get(0).hangs = true;
            world.seconds(400);
            assertThat(isLive(world)).isFalse();
        }

        /** One of two cores gone: the other serves on. */
        @Test
        void oneDeadServerOfTwoIsNotRestartedAndTwoAre() {
            World world = ConditionsTest.servedByTwo();
            world.secondHealth = 503;
            world.seconds(600);
            assertThat(isReady(world)).isFalse();
            assertThat(isLive(world)).isTrue();
            world.health = 503;
            world.refusal = Optional.of(Refusal.ERROR);
            world.seconds(12);
            assertThat(isLive(world)).isFalse();
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

        /** The gauges are of the step before: a request of ours that went out since is not in them. */
        @Test
        void waitsForASingleRequestInALongStepBesideAQuestionOfOurOwn() {
            World world = served();
            world.rank().running = 1;
            world.seconds(5);
            world.hangs = true;
            drains(world, 325);
            long probes = world.probes();
            world.seconds(55);
            assertThat(world.probes()).isGreaterThan(probes);
            assertThat(world.probeIsOut()).isTrue();
            assertThat(drained(world).inFlight()).hasValue(1);
            assertThat(drained(world).ended()).isEmpty();
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

        /** vllm 22545, 29928: gauges stand at what is long gone; one request of ours makes the engine write them again. */
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
