package dev.pilotlight;

import dev.pilotlight.api.BadRequests;
import dev.pilotlight.api.KeptConnections;
import dev.pilotlight.api.Methods;
import dev.pilotlight.api.OneAtATime;
import dev.pilotlight.api.OneHost;
import dev.pilotlight.api.Scrapes;
import dev.pilotlight.api.StatusPage;
import dev.pilotlight.config.PilotlightConfig;
import dev.pilotlight.metrics.MetricsPage;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** What is served beside the endpoints of the platform, and what is asked of every request. */
@Singleton
final class Routes {
    private static final SortedSet<String> PROBES = new TreeSet<>(
            Set.of("/q/health", "/q/health/live", "/q/health/started", "/q/health/ready", "/q/health/group/engine"));

    /** Prometheus looks at /metrics by default, and where Quarkus is known at /q/metrics: the same page at both. */
    void routes(
            @Observes Router router,
            PilotlightConfig config,
            Instance<MetricsPage> metrics,
            Instance<Scrapes> scrapes) {
        router.route().order(Integer.MIN_VALUE).handler(new OneAtATime()).failureHandler(new BadRequests());
        router.route().order(Integer.MIN_VALUE).handler(new OneHost());
        router.route().order(Integer.MIN_VALUE).handler(new KeptConnections());
        router.get("/q/health/*").order(0).handler(Routes::probed);
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
        router.route().order(Integer.MIN_VALUE).handler(new Methods());
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
}
