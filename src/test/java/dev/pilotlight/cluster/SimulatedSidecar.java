package dev.pilotlight.cluster;

import dev.pilotlight.api.PeerView;
import dev.pilotlight.drain.DrainPolicy;
import dev.pilotlight.engine.CacheConfig;
import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.HealthAnswer;
import dev.pilotlight.engine.Latencies;
import dev.pilotlight.engine.Model;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.engine.Sleep;
import dev.pilotlight.gpu.faults.GpuPolicy;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.http.Http;
import dev.pilotlight.kube.ApiClient;
import dev.pilotlight.lifecycle.LivenessPolicy;
import dev.pilotlight.lifecycle.OwnRequests;
import dev.pilotlight.lifecycle.Shape;
import dev.pilotlight.lifecycle.WarmUp;
import dev.pilotlight.lifecycle.WarmUpPolicy;
import dev.pilotlight.loop.ControlLoop;
import dev.pilotlight.loop.Policy;
import dev.pilotlight.loop.SteadyClock;
import dev.pilotlight.pod.metadata.MetadataPolicy;
import dev.pilotlight.pool.managed.PoolPolicy;
import dev.pilotlight.pool.peers.PeerClient;
import dev.pilotlight.pool.role.RolePolicy;
import dev.pilotlight.signal.SignalPolicy;
import dev.pilotlight.signal.Signals;
import io.fabric8.kubernetes.api.model.Pod;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;

/**
 * A sidecar without a process of its own, so that a thousand fit on a machine: the product's loop with its real way to the API server, by
 * its pod's own token, beside an engine that is only numbers. It answers its pool's leader at the pod's address.
 */
final class SimulatedSidecar implements AutoCloseable {
    static final int PORT = 9110;
    private static final int SLOTS = 8;
    private static final Duration TIMEOUT = Duration.ofSeconds(2);

    private final ControlLoop loop;
    private final SteadyClock clock = new SteadyClock();
    private final HttpServer server;
    private final DoubleSupplier load;
    private double served;

    /** @param load of the engine, as a share of its batch */
    SimulatedSidecar(Vertx vertx, ApiClient client, Pod pod, String address, PoolPolicy pool, DoubleSupplier load) {
        this.load = load;
        String name = pod.getMetadata().getName();
        OwnRequests own = new OwnRequests();
        Http nobody = new Http(vertx, () -> URI.create("http://" + address + ":8000"), Http.Security.none(), 1);
        loop = new ControlLoop(
                policy(name),
                Duration.ofSeconds(1),
                clock,
                this::read,
                Duration.ofHours(1),
                now -> new GpuReading.Absent(now, "there is none"),
                new WarmUp(nobody, TIMEOUT, own, clock::now, () -> {}),
                own,
                new ClusterLink(
                        client,
                        new ClusterLink.Place(pod.getMetadata().getNamespace(), name, Optional.empty()),
                        Optional.of(new ClusterLink.Managed(
                                "vllm",
                                pool,
                                Duration.ofSeconds(60),
                                new PeerClient(vertx, PORT, Duration.ofMillis(800)))),
                        clock::now,
                        Random::new));
        server = vertx.createHttpServer()
                .requestHandler(request -> request.response().end(report()));
        try {
            server.listen(PORT, address)
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(10, TimeUnit.SECONDS);
        } catch (Exception failed) {
            throw new IllegalStateException("port " + PORT + " of " + address, failed);
        }
        loop.start();
        loop.lookAtGpu();
    }

    private static Policy policy(String pod) {
        return new Policy(
                new LivenessPolicy(
                        Duration.ofSeconds(10), Duration.ofHours(1), Duration.ofSeconds(60), Optional.empty()),
                new WarmUpPolicy(Shape.DEFAULT, 0.15, 8, Duration.ofMinutes(3), Duration.ofSeconds(2), false),
                new SignalPolicy(
                        0.7,
                        OptionalInt.of(SLOTS),
                        Optional.empty(),
                        Optional.empty(),
                        Duration.ofSeconds(60),
                        Optional.empty()),
                new DrainPolicy(Duration.ofSeconds(5)),
                GpuPolicy.DEFAULT,
                Duration.ofSeconds(10),
                Duration.ofSeconds(25),
                new RolePolicy.Managed(pod, Duration.ofSeconds(60), Duration.ofSeconds(60)),
                new MetadataPolicy(
                        true,
                        Optional.of("vllm"),
                        MetadataPolicy.DEFAULT.costs(),
                        MetadataPolicy.DEFAULT.workingFrom(),
                        MetadataPolicy.DEFAULT.fullFrom(),
                        MetadataPolicy.DEFAULT.costHold()));
    }

    /** An engine that has served before, and makes 50 tokens a second for each request in its batch: 100 for each, in 2 s. */
    private EngineReading read(Instant now) {
        double running = load.getAsDouble() * SLOTS;
        served += running / 2;
        Rank rank = new Rank(
                "0",
                running,
                0,
                OptionalDouble.empty(),
                OptionalDouble.of(served * 25),
                OptionalDouble.of(served * 100),
                OptionalDouble.of(served),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty());
        return new EngineReading.Answered(
                now,
                new EngineSnapshot(
                        List.of(rank),
                        List.of("tiny"),
                        OptionalDouble.of(1000),
                        CacheConfig.UNKNOWN,
                        Sleep.UNKNOWN,
                        Latencies.NONE),
                new HealthAnswer.Healthy(),
                Optional.of(new Model("tiny", OptionalInt.of(2048))),
                "",
                OptionalDouble.empty(),
                EngineReading.Pause.UNKNOWN,
                "filtered");
    }

    /** As {@code /api/v1/peer} says it. */
    private String report() {
        return new JsonObject(PeerView.of(loop.board().picture(), clock.now()).written()).encode();
    }

    OptionalDouble load() {
        return loop.board()
                .picture()
                .freshSignals(clock.now())
                .map(Signals::load)
                .orElse(OptionalDouble.empty());
    }

    @Override
    public void close() {
        server.close();
        loop.close();
    }
}
