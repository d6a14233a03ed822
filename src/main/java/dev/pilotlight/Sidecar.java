package dev.pilotlight;

import dev.pilotlight.config.ConfigCheck;
import dev.pilotlight.config.PilotlightConfig;
import dev.pilotlight.drain.DrainGate;
import dev.pilotlight.drain.Termination;
import dev.pilotlight.engine.EngineClient;
import dev.pilotlight.engine.EngineHttp;
import dev.pilotlight.lifecycle.OwnRequests;
import dev.pilotlight.lifecycle.WarmUp;
import dev.pilotlight.lifecycle.WarmUpPolicy;
import dev.pilotlight.loop.ControlLoop;
import dev.pilotlight.loop.SteadyClock;
import dev.pilotlight.metrics.PictureMeters;
import dev.pilotlight.prometheus.Limits;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.prometheus.client.CollectorRegistry;
import io.quarkus.runtime.PreventFurtherStepsException;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The life of the process, top to bottom: check the settings, build the rooms, start the loop; stop it at the end. */
@Singleton
public final class Sidecar {
    /** EX_USAGE of sysexits.h: a setting is wrong, and a restart will not mend it. */
    static final int BAD_SETTING = 64;

    @Produces
    @Singleton
    SteadyClock clock() {
        return new SteadyClock();
    }

    /** One for all: Quarkus' own default would make another for each who asks. */
    @Produces
    @Singleton
    CollectorRegistry registry() {
        return new CollectorRegistry();
    }

    @Produces
    @Singleton
    ControlLoop loop(PilotlightConfig config, Vertx vertx, SteadyClock clock) {
        PilotlightConfig.Engine engine = config.engine();
        EngineClient client = new EngineClient(
                http(engine, vertx, 1), engine.timeout(), new Limits(engine.maxPageBytes(), engine.maxSeries()));
        OwnRequests own = new OwnRequests();
        EngineHttp requests = http(engine, vertx, WarmUpPolicy.MOST_AT_ONCE);
        WarmUp warmUp =
                new WarmUp(requests, config.warmUp().budget(), config.liveness().canaryTimeout(), own, clock::now);
        return new ControlLoop(ConfigCheck.policy(config), engine.pollEvery(), clock, client::read, warmUp, own);
    }

    /** The poll has a connection of its own: it must never wait behind a request that hangs. */
    private static EngineHttp http(PilotlightConfig.Engine engine, Vertx vertx, int connections) {
        return new EngineHttp(
                vertx,
                engine.url(),
                engine.caFile(),
                engine.verifyHost(),
                engine.apiKeyFile().map(Sidecar::secret),
                connections);
    }

    @Produces
    @Singleton
    DrainGate drainGate(
            PilotlightConfig config, ControlLoop loop, SteadyClock clock, Instance<KubernetesClient> kubernetes) {
        Optional<Termination> termination = config.pod()
                .name()
                .map(name -> new Termination(
                        kubernetes::get, config.pod().namespace().orElseThrow(), name, clock::now));
        return new DrainGate(
                clock::now,
                config.drain().tokenFile().map(Sidecar::secret),
                config.drain().deadline(),
                termination,
                loop::drain,
                () -> loop.board().picture().drain());
    }

    /** Runs before the port opens. */
    void start(
            @Observes StartupEvent event,
            PilotlightConfig config,
            Instance<ControlLoop> loop,
            Instance<PictureMeters> meters,
            CollectorRegistry registry) {
        List<String> problems = ConfigCheck.problems(config);
        if (!problems.isEmpty()) {
            throw new PreventFurtherStepsException(Main.wrongSettings(problems), BAD_SETTING);
        }
        meters.get().register(registry);
        loop.get().start();
    }

    /** SIGTERM: leaves traffic and waits for the requests in flight, while probes and metrics go on. */
    void leave(@Observes ShutdownDelayInitiatedEvent event, Instance<DrainGate> gate) throws InterruptedException {
        gate.get().drain("SIGTERM");
    }

    void stop(@Observes ShutdownEvent event, Instance<ControlLoop> loop) {
        loop.get().close();
    }

    /** Prometheus looks at /metrics by default, Quarkus serves /q/metrics: the same page at both. */
    void routes(@Observes Router router) {
        router.get("/metrics").order(0).handler(context -> context.reroute("/q/metrics"));
    }

    private static String secret(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
