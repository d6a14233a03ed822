package dev.pilotlight.api;

import dev.pilotlight.drain.Drain;
import dev.pilotlight.drain.DrainGate;
import dev.pilotlight.drain.DrainGate.Answer;
import io.netty.handler.timeout.IdleStateHandler;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.impl.ConnectionBase;
import jakarta.inject.Singleton;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The preStop hook of the vLLM container: answers when the requests in flight are done. */
@Singleton
@Path("/api/v1/drain")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public final class DrainResource {
    private static final String BEARER = "Bearer ";
    private static final List<String> FORWARDED = List.of("Forwarded", "X-Forwarded-For", "Via");

    private final DrainGate gate;

    DrainResource(DrainGate gate) {
        this.gate = gate;
    }

    @GET
    public Response byHook(@HeaderParam("Authorization") String authorization, HttpServerRequest request)
            throws InterruptedException {
        return drain(authorization, request);
    }

    @POST
    public Response byPost(@HeaderParam("Authorization") String authorization, HttpServerRequest request)
            throws InterruptedException {
        return drain(authorization, request);
    }

    private Response drain(String authorization, HttpServerRequest request) throws InterruptedException {
        Optional<String> shown = Optional.ofNullable(authorization)
                .filter(it -> it.startsWith(BEARER))
                .map(it -> it.substring(BEARER.length()).strip());
        return switch (gate.call(shown, isOfThisHost(request), () -> maySayNothing(request))) {
            case Answer.Drained(Drain drain) -> Response.ok(view(drain)).build();
            case Answer.Denied(String why) ->
                Response.status(403)
                        .entity(Map.of("error", "not drained: " + why))
                        .build();
        };
    }

    /**
     * Not a byte passes while the drain lasts, for longer than the port allows others (quarkus.http.idle-timeout): a hook that is cut off
     * lets the kubelet end vLLM at once. An early head would keep the connection busy too, but then some callers take it for the answer.
     */
    private static void maySayNothing(HttpServerRequest request) {
        if (request.connection() instanceof ConnectionBase connection
                && connection.channel().pipeline().get(IdleStateHandler.class) != null) {
            connection.channel().pipeline().remove(IdleStateHandler.class);
        }
    }

    /** A proxy on this host speaks for somebody elsewhere, and says so. */
    private static boolean isOfThisHost(HttpServerRequest request) {
        // An address, never a name: nothing is looked up.
        return FORWARDED.stream().noneMatch(request.headers()::contains)
                && request.remoteAddress() != null
                && request.remoteAddress().hostAddress() != null
                && InetAddress.ofLiteral(request.remoteAddress().hostAddress()).isLoopbackAddress();
    }

    static Map<String, Object> view(Drain drain) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("by", drain.order().by());
        view.put("since", drain.order().at().toString());
        view.put("deadline", drain.order().deadline().toString());
        drain.inFlight().ifPresent(left -> view.put("requestsInFlight", Math.round(left)));
        drain.ended().ifPresent(ended -> {
            view.put("drained", ended.clean());
            view.put("how", ended.how());
            view.put(
                    "tookSeconds",
                    Duration.between(drain.order().at(), ended.at()).toMillis() / 1e3);
        });
        return view;
    }
}
