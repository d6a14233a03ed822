package dev.pilotlight.api;

import dev.pilotlight.loop.ControlLoop;
import dev.pilotlight.loop.Picture;
import dev.pilotlight.loop.SteadyClock;
import io.smallrye.common.annotation.NonBlocking;
import jakarta.inject.Singleton;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Instant;
import java.util.Map;

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

    StatusResource(ControlLoop loop, SteadyClock clock, InForce configuration, Scrapes scrapes) {
        this.loop = loop;
        this.clock = clock;
        this.configuration = configuration;
        this.scrapes = scrapes;
    }

    @GET
    @Path("signals")
    public Response signals() {
        Picture picture = loop.board().picture();
        Instant now = clock.now();
        return StatusView.signals(picture, now)
                .map(flat -> Response.ok(flat).build())
                .orElseGet(() -> Response.status(503)
                        .entity(StatusView.noSignals(picture, now))
                        .build());
    }

    /** For the leader of a managed pool, which asks each pod once a second. */
    @GET
    @Path("peer")
    public Map<String, Object> peer() {
        return StatusView.peer(loop.board().picture(), clock.now());
    }

    @GET
    @Path("status")
    public Map<String, Object> status() {
        return StatusView.status(loop.board().picture(), configuration.settings(), scrapes.last(), clock.now());
    }
}
