package dev.pilotlight.api;

import dev.pilotlight.loop.ControlLoop;
import dev.pilotlight.loop.Picture;
import dev.pilotlight.loop.SteadyClock;
import io.smallrye.common.annotation.NonBlocking;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Singleton;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** The API's endpoints: they read the board. */
@Singleton
@Path("/api/v1")
@Produces(MediaType.APPLICATION_JSON)
@NonBlocking
public final class StatusResource {
    private final ControlLoop loop;
    private final SteadyClock clock;
    private final InForce configuration;
    private final Scrapes scrapes;
    private final Hour hour;
    private final Instant startedAt;
    private final String version;

    StatusResource(
            ControlLoop loop,
            SteadyClock clock,
            InForce configuration,
            Scrapes scrapes,
            Hour hour,
            @ConfigProperty(name = "quarkus.application.version") String version) {
        this.loop = loop;
        this.clock = clock;
        this.configuration = configuration;
        this.scrapes = scrapes;
        this.hour = hour;
        this.version = version;
        this.startedAt = clock.now();
    }

    @GET
    @Path("signals")
    public Response signals() {
        Picture picture = loop.board().picture();
        Instant now = clock.now();
        return SignalView.signals(picture, now)
                .map(flat -> Response.ok(json(flat)).build())
                .orElseGet(() -> Response.status(503)
                        .entity(json(SignalView.noSignals(picture, now)))
                        .build());
    }

    /** For the leader of a managed pool, which asks each pod once a second. */
    @GET
    @Path("peer")
    public String peer() {
        return json(PeerView.of(loop.board().picture(), clock.now()).written());
    }

    @GET
    @Path("status")
    public String status() {
        Instant now = clock.now();
        Map<String, Object> view =
                StatusView.status(loop.board().picture(), configuration.settings(), scrapes.last(), now);
        view.put(
                "sidecar",
                Map.of(
                        "version",
                        version,
                        "uptimeSeconds",
                        Duration.between(startedAt, now).toSeconds()));
        return json(view);
    }

    /** The last hour, for the page. */
    @GET
    @Path("history")
    public String history() {
        return json(hour.view());
    }

    private static String json(Map<String, Object> view) {
        return new JsonObject(view).encode();
    }
}
