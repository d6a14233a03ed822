package dev.pilotlight;

import dev.pilotlight.api.Hour;
import dev.pilotlight.cluster.Cluster;
import dev.pilotlight.cluster.EngineAddress;
import dev.pilotlight.config.ConfigCheck;
import dev.pilotlight.config.EngineConfig;
import dev.pilotlight.config.PilotlightConfig;
import dev.pilotlight.config.Policies;
import dev.pilotlight.config.SettingsCheck;
import dev.pilotlight.config.WrongSettings;
import dev.pilotlight.drain.DrainGate;
import dev.pilotlight.drain.LateStart;
import dev.pilotlight.drain.Termination;
import dev.pilotlight.engine.EngineClient;
import dev.pilotlight.engine.EngineServers;
import dev.pilotlight.engine.VllmHeaders;
import dev.pilotlight.gpu.readings.GpuProbe;
import dev.pilotlight.guard.Guard;
import dev.pilotlight.health.HealthRules;
import dev.pilotlight.http.Http;
import dev.pilotlight.http.Secret;
import dev.pilotlight.http.TlsFiles;
import dev.pilotlight.inject.Webhook;
import dev.pilotlight.kube.ApiServer;
import dev.pilotlight.lifecycle.OwnRequests;
import dev.pilotlight.lifecycle.WarmUp;
import dev.pilotlight.lifecycle.WarmUpPolicy;
import dev.pilotlight.loop.ControlLoop;
import dev.pilotlight.loop.LoopWatch;
import dev.pilotlight.loop.Policy;
import dev.pilotlight.loop.SteadyClock;
import dev.pilotlight.prometheus.Limits;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.vertx.http.HttpServerStart;
import io.quarkus.vertx.http.HttpsServerStart;
import io.smallrye.config.SmallRyeConfig;
import io.vertx.core.Vertx;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.enterprise.inject.Instance;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/** The life of the process, top to bottom: check the settings, build what it takes (with {@link GpuSource}, {@link ClusterAccess} and {@link Routes}), start the loop; stop it at the end. */
@Singleton
public final class Sidecar {
    private static final Logger LOG = Logger.getLogger("pilotlight");
    private static final Duration LOOP_WATCH = Duration.ofMinutes(1);
    /** What others ask, except for what counts as a scrape. */
    private static final List<String> ASKED = List.of(
            "/q/health/started", "/q/health/live", "/q/health/ready", "/q/health/group/engine", "/api/v1/status", "/");

    private static final Duration LOOK_AGAIN = Duration.ofMillis(500);
    private static final Duration OWN_ANSWER = Duration.ofSeconds(2);

    @Produces
    @Singleton
    SteadyClock clock() {
        return new SteadyClock();
    }

    @Produces
    @Singleton
    ControlLoop loop(PilotlightConfig config, Vertx vertx, SteadyClock clock, GpuProbe gpu, Cluster cluster) {
        EngineConfig engine = config.engine();
        List<URI> named = ConfigCheck.engineUrls(engine);
        Supplier<List<URI>> addresses = () -> EngineAddress.all(named, cluster.look());
        Secret key = engine.apiKeyFile()
                .map(file -> Secret.in(file, "pilotlight.engine.api-key-file"))
                .orElse(engine.apiKey().map(Secret::of).orElse(Secret.none()));
        Policy policy = Policies.policy(config);
        EngineServers servers = new EngineServers(
                addresses,
                number -> {
                    Supplier<URI> address = () -> {
                        List<URI> all = addresses.get();
                        return all.get(Math.min(number, all.size() - 1));
                    };
                    return new EngineServers.Server(
                            new EngineClient(
                                    http(engine, key, address, vertx, 1),
                                    engine.timeout(),
                                    new Limits(engine.maxPageBytes(), engine.maxSeries())),
                            http(engine, key, address, vertx, WarmUpPolicy.MOST_AT_ONCE));
                },
                policy.staleAfter());
        OwnRequests own = new OwnRequests();
        WarmUp warmUp = new WarmUp(servers::targets, config.liveness().canaryTimeout(), own, clock::now);
        return new ControlLoop(
                policy,
                engine.pollEvery(),
                clock,
                servers::read,
                config.gpu().pollEvery(),
                gpu::read,
                warmUp,
                own,
                cluster);
    }

    /** The poll has a connection of its own: it must never wait behind a request that hangs. */
    private static Http http(EngineConfig engine, Secret key, Supplier<URI> address, Vertx vertx, int connections) {
        return new Http(
                vertx,
                address,
                new Http.Security(
                        "pilotlight.engine",
                        new TlsFiles(ConfigCheck.tls(engine)),
                        engine.verifyHost(),
                        VllmHeaders.key(key)),
                connections);
    }

    @Produces
    @Singleton
    Webhook webhook(
            PilotlightConfig config,
            Vertx vertx,
            SteadyClock clock,
            @ConfigProperty(name = "quarkus.http.host") String host) {
        PilotlightConfig.Injector injector = config.injector();
        return new Webhook(
                vertx,
                new Webhook.Place(
                        host,
                        injector.listen(),
                        injector.certificateFile(),
                        injector.keyFile(),
                        injector.image().orElseThrow()),
                clock::now);
    }

    @Produces
    @Singleton
    DrainGate drainGate(PilotlightConfig config, ControlLoop loop, SteadyClock clock, ApiServer api) {
        Optional<Termination> termination = config.pod()
                .name()
                .map(name -> new Termination(
                        api,
                        config.pod().namespace().orElseThrow(),
                        name,
                        () -> loop.board().picture().cluster().ownPod(),
                        clock::now));
        return new DrainGate(
                clock::now,
                config.drain().tokenFile().map(Sidecar::secret),
                config.drain().deadline(),
                termination,
                loop::drain,
                () -> loop.board().picture().drain(),
                () -> HealthRules.engineDown(loop.board().picture()));
    }

    /** Runs before the port opens. */
    void start(
            @Observes StartupEvent event,
            Config settings,
            PilotlightConfig config,
            Instance<ControlLoop> loop,
            Instance<Hour> hour,
            Instance<Webhook> webhook,
            Instance<DrainGate> drains,
            SteadyClock clock,
            Vertx vertx) {
        Thread.setDefaultUncaughtExceptionHandler(
                (thread, failure) -> Guard.failed("thread " + thread.getName(), failure));
        vertx.exceptionHandler(failure -> Guard.failed("an event loop", failure));
        List<String> problems = SettingsCheck.problems(settings.unwrap(SmallRyeConfig.class), config);
        if (!problems.isEmpty()) {
            throw new WrongSettings(problems);
        }
        if (config.injector().enabled()) {
            webhook.get().start();
            return;
        }
        loop.get().start();
        if (config.pod().name().isPresent()) {
            LateStart late = new LateStart(
                    () -> loop.get().board().picture().cluster().ownPod(), drains.get()::isTold, Quarkus::asyncExit);
            Thread.ofVirtual().name("late-start").start(Guard.once("the look for a lost SIGTERM", late));
        }
        LoopWatch watch = new LoopWatch(loop.get(), clock);
        vertx.setPeriodic(LOOP_WATCH.toMillis(), _ -> watch.look());
        // Here, since the container may be gone by the last look.
        Hour kept = hour.get();
        vertx.setPeriodic(Hour.EVERY.toMillis(), _ -> kept.look());
    }

    /**
     * The GPU comes last. The C library loads one thing at a time, and a driver's library may never come back from being loaded: what
     * answering takes has to be loaded by then, for which this asks itself what others ask.
     */
    void opened(
            @ObservesAsync HttpServerStart event,
            PilotlightConfig config,
            Vertx vertx,
            @ConfigProperty(name = "quarkus.http.host") String host,
            Instance<ControlLoop> loop) {
        if (config.injector().enabled()) {
            return;
        }
        String here = host.equals("0.0.0.0") || host.equals("::") ? "127.0.0.1" : host;
        URI self = URI.create("http://" + here + ":" + event.options().getPort());
        Thread.ofVirtual().name("first-look").start(Guard.once("the first look", () -> {
            try {
                Http http = new Http(vertx, () -> self, Http.Security.none(), 1);
                for (int round = 0; round < 3; round++) {
                    ASKED.forEach(path -> http.get(path, OWN_ANSWER, (_, _, _) -> true));
                    Thread.sleep(LOOK_AGAIN);
                }
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
            } finally {
                loop.get().lookAtGpu();
            }
        }));
    }

    void opened(@ObservesAsync HttpsServerStart event, PilotlightConfig config, Instance<ControlLoop> loop) {
        if (!config.injector().enabled()) {
            loop.get().lookAtGpu();
        }
    }

    /** SIGTERM: leaves traffic and waits for the requests in flight, unless the pod stays; probes and metrics go on. */
    void leave(
            @Observes ShutdownDelayInitiatedEvent event,
            PilotlightConfig config,
            Instance<Webhook> webhook,
            Instance<DrainGate> gate)
            throws InterruptedException {
        if (config.injector().enabled()) {
            webhook.get().leave(config.drain().settle());
        } else if (gate.get().leave() instanceof DrainGate.Answer.Denied denied) {
            LOG.infof("SIGTERM, and no drain: %s", denied.why());
        }
    }

    void stop(
            @Observes ShutdownEvent event,
            PilotlightConfig config,
            Instance<ControlLoop> loop,
            Instance<Webhook> webhook) {
        if (config.injector().enabled()) {
            webhook.get().close();
        } else {
            loop.get().close();
        }
    }

    private static String secret(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
