package dev.pilotlight;

import dev.pilotlight.api.BadRequests;
import dev.pilotlight.api.Hour;
import dev.pilotlight.api.KeptConnections;
import dev.pilotlight.api.OneAtATime;
import dev.pilotlight.api.OneHost;
import dev.pilotlight.api.Scrapes;
import dev.pilotlight.api.StatusPage;
import dev.pilotlight.cluster.Cluster;
import dev.pilotlight.cluster.ClusterLink;
import dev.pilotlight.cluster.EngineAddress;
import dev.pilotlight.cluster.OwnPodWait;
import dev.pilotlight.config.ConfigCheck;
import dev.pilotlight.config.EngineConfig;
import dev.pilotlight.config.PilotlightConfig;
import dev.pilotlight.config.SettingsCheck;
import dev.pilotlight.config.WrongSettings;
import dev.pilotlight.drain.DrainGate;
import dev.pilotlight.drain.LateStart;
import dev.pilotlight.drain.Termination;
import dev.pilotlight.engine.EngineClient;
import dev.pilotlight.gpu.AutoProbe;
import dev.pilotlight.gpu.CrashGuard;
import dev.pilotlight.gpu.GpuSettings;
import dev.pilotlight.gpu.dcgm.DcgmPages;
import dev.pilotlight.gpu.dcgm.PageSource;
import dev.pilotlight.gpu.dcgm.PodIdentity;
import dev.pilotlight.gpu.readings.GpuProbe;
import dev.pilotlight.guard.Guard;
import dev.pilotlight.health.HealthRules;
import dev.pilotlight.http.Http;
import dev.pilotlight.http.Secret;
import dev.pilotlight.http.TlsFiles;
import dev.pilotlight.inject.Webhook;
import dev.pilotlight.kube.ApiAddress;
import dev.pilotlight.kube.ApiClient;
import dev.pilotlight.kube.ApiServer;
import dev.pilotlight.lifecycle.OwnRequests;
import dev.pilotlight.lifecycle.WarmUp;
import dev.pilotlight.lifecycle.WarmUpPolicy;
import dev.pilotlight.loop.ControlLoop;
import dev.pilotlight.loop.LoopWatch;
import dev.pilotlight.loop.SteadyClock;
import dev.pilotlight.metrics.MetricsPage;
import dev.pilotlight.pod.OwnPod;
import dev.pilotlight.pool.peers.PeerClient;
import dev.pilotlight.prometheus.Limits;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.smallrye.config.SmallRyeConfig;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
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
import java.util.Random;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/** The life of the process, top to bottom: check the settings, build the rooms, start the loop; stop it at the end. */
@Singleton
public final class Sidecar {
    private static final Logger LOG = Logger.getLogger("pilotlight");
    private static final SortedSet<String> PROBES = new TreeSet<>(
            Set.of("/q/health", "/q/health/live", "/q/health/started", "/q/health/ready", "/q/health/group/engine"));
    private static final Duration LOOP_WATCH = Duration.ofMinutes(1);
    private static final Duration DCGM_TIMEOUT = Duration.ofSeconds(2);
    private static final Path SERVICE_ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");
    private static final Duration API_TIMEOUT = Duration.ofSeconds(2);

    @Produces
    @Singleton
    SteadyClock clock() {
        return new SteadyClock();
    }

    @Produces
    @Singleton
    GpuProbe gpu(PilotlightConfig config, Vertx vertx, Cluster cluster) {
        GpuSettings settings = ConfigCheck.gpu(config).settings();
        PageSource pages = settings.dcgmUrl()
                .<PageSource>map(url -> new DcgmPages(exporter(vertx, url), path(url), DCGM_TIMEOUT))
                .orElse(now -> new PageSource.Page.Failed("no URL"));
        Optional<PodIdentity> pod = config.pod()
                .name()
                .map(name -> new PodIdentity(
                        name,
                        config.pod().namespace().orElseThrow(),
                        config.pod().container()));
        return AutoProbe.of(
                settings,
                Optional.ofNullable(System.getenv("NVIDIA_VISIBLE_DEVICES")),
                pod,
                pages,
                () -> againstNvml(cluster));
    }

    private static Optional<String> againstNvml(Cluster cluster) {
        Optional<String> why = OwnPodWait.of(cluster)
                .map(OwnPod::earlier)
                .flatMap(earlier -> CrashGuard.leavesOut(earlier.count(), earlier.lastExitCode()));
        why.ifPresent(LOG::warn);
        return why;
    }

    private static Http exporter(Vertx vertx, URI url) {
        URI server = URI.create(url.getScheme() + "://" + url.getRawAuthority());
        return new Http(vertx, () -> server, Http.Security.none(), 1);
    }

    private static String path(URI url) {
        String path = url.getRawPath() == null || url.getRawPath().isEmpty() ? "/metrics" : url.getRawPath();
        return url.getRawQuery() == null ? path : path + "?" + url.getRawQuery();
    }

    @Produces
    @Singleton
    ApiServer apiServer(PilotlightConfig config, Vertx vertx) {
        return new ApiClient(vertx, apiAddress(config.kube()), API_TIMEOUT);
    }

    /** As set, else as the kubelet tells each container. */
    private static Optional<ApiAddress> apiAddress(PilotlightConfig.Kube kube) {
        String host = System.getenv("KUBERNETES_SERVICE_HOST");
        String port = System.getenv("KUBERNETES_SERVICE_PORT");
        boolean inCluster = kube.url().isEmpty() && host != null && port != null;
        return kube.url()
                .or(() -> inCluster ? Optional.of(ApiAddress.inCluster(host, port)) : Optional.empty())
                .map(url -> new ApiAddress(
                        url,
                        kube.tokenFile().or(() -> mounted("token", inCluster)),
                        kube.caFile().or(() -> mounted("ca.crt", inCluster))));
    }

    /** Of the pod's service account. In a cluster it is named even where it is missing, so that its lack is said. */
    private static Optional<Path> mounted(String name, boolean inCluster) {
        Path file = SERVICE_ACCOUNT.resolve(name);
        return inCluster || Files.exists(file) ? Optional.of(file) : Optional.empty();
    }

    @Produces
    @Singleton
    Cluster cluster(
            PilotlightConfig config,
            Vertx vertx,
            SteadyClock clock,
            ApiServer api,
            @ConfigProperty(name = "quarkus.http.port") int port) {
        if (config.pod().name().isEmpty()) {
            return Cluster.NONE;
        }
        boolean isManaged = config.pool().mode() == PilotlightConfig.PoolMode.MANAGED;
        Optional<ClusterLink.Managed> managed =
                isManaged || config.scale().maxPods().isPresent()
                        ? Optional.of(new ClusterLink.Managed(
                                config.pool().name().orElseThrow(),
                                ConfigCheck.pool(config),
                                !isManaged,
                                config.pool().orphanAfter(),
                                new PeerClient(vertx, port, config.pool().peerTimeout())))
                        : Optional.empty();
        return new ClusterLink(
                api,
                new ClusterLink.Place(
                        config.pod().namespace().orElseThrow(),
                        config.pod().name().get(),
                        config.pod().container()),
                managed,
                clock::now,
                Random::new);
    }

    @Produces
    @Singleton
    ControlLoop loop(PilotlightConfig config, Vertx vertx, SteadyClock clock, GpuProbe gpu, Cluster cluster) {
        EngineConfig engine = config.engine();
        Supplier<URI> address = () -> EngineAddress.of(engine.url(), cluster.look());
        Secret key = engine.apiKeyFile()
                .map(file -> Secret.in(file, "pilotlight.engine.api-key-file"))
                .orElse(engine.apiKey().map(Secret::of).orElse(Secret.none()));
        EngineClient client = new EngineClient(
                http(engine, key, address, vertx, 1),
                engine.timeout(),
                new Limits(engine.maxPageBytes(), engine.maxSeries()));
        OwnRequests own = new OwnRequests();
        Http requests = http(engine, key, address, vertx, WarmUpPolicy.MOST_AT_ONCE);
        WarmUp warmUp = new WarmUp(requests, config.liveness().canaryTimeout(), own, clock::now, client::doubtModel);
        return new ControlLoop(
                ConfigCheck.policy(config),
                engine.pollEvery(),
                clock,
                client::read,
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
                new Http.Security("pilotlight.engine", new TlsFiles(ConfigCheck.tls(engine)), engine.verifyHost(), key),
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
        vertx.setPeriodic(Hour.EVERY.toMillis(), _ -> hour.get().look());
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

    /** Prometheus looks at /metrics by default, and where Quarkus is known at /q/metrics: the same page at both. */
    void routes(
            @Observes Router router,
            PilotlightConfig config,
            Instance<MetricsPage> metrics,
            Instance<Scrapes> scrapes) {
        router.route().order(Integer.MIN_VALUE).handler(new OneAtATime()).failureHandler(new BadRequests());
        router.route().order(Integer.MIN_VALUE).handler(new OneHost());
        router.route().order(Integer.MIN_VALUE).handler(new KeptConnections());
        router.get("/q/health/*").order(0).handler(Sidecar::probed);
        if (config.injector().enabled()) {
            for (String ofAnEngine : List.of(
                    "/",
                    "/index.html",
                    "/metrics",
                    "/q/metrics",
                    "/api/v1/status",
                    "/api/v1/signals",
                    "/api/v1/peer",
                    "/api/v1/drain")) {
                router.route(ofAnEngine)
                        .order(0)
                        .handler(
                                context -> context.response()
                                        .setStatusCode(404)
                                        .end(
                                                "this process injects sidecars and watches no engine: pilotlight.injector.enabled is true\n"));
            }
            return;
        }
        router.route("/api/v1/inject*").order(0).handler(context -> context.response()
                .setStatusCode(404)
                .end("this sidecar injects nothing: pilotlight.injector.enabled is false\n"));
        Scrapes.PATHS.forEach(path ->
                router.get(path).order(-1).handler(context -> scrapes.get().handle(context)));
        router.get("/metrics").order(0).handler(context -> metrics.get().handle(context));
        router.get("/q/metrics").order(0).handler(context -> metrics.get().handle(context));
        StatusPage page = new StatusPage();
        router.get("/").order(0).handler(page);
        router.get("/index.html").order(0).handler(page);
    }

    /** The platform calls a group that nobody has heard of healthy: a probe with a slip of the pen would never fail. */
    private static void probed(RoutingContext context) {
        if (PROBES.contains(context.normalizedPath())) {
            context.next();
        } else {
            context.response()
                    .setStatusCode(404)
                    .end("there is no such probe; there are " + String.join(", ", PROBES) + "\n");
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
