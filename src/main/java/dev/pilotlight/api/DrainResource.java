package dev.pilotlight.api;

import dev.pilotlight.drain.Caller;
import dev.pilotlight.drain.Drain;
import dev.pilotlight.drain.DrainGate;
import dev.pilotlight.drain.DrainGate.Answer;
import dev.pilotlight.drain.DrainRight;
import dev.pilotlight.drain.Refusal;
import io.netty.handler.timeout.IdleStateHandler;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.impl.ConnectionBase;
import jakarta.inject.Singleton;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HEAD;
import jakarta.ws.rs.OPTIONS;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;

/** The preStop hook of the vLLM container: answers when the requests in flight are done. */
@Singleton
@Path("/api/v1/drain")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public final class DrainResource {
    private static final Logger LOG = Logger.getLogger("pilotlight");
    private static final String BEARER = "Bearer ";
    /** Of proxies, written small; Envoy and its kin have more of the second kind. */
    private static final List<String> FORWARDED = List.of("forwarded", "via", "x-real-ip", "x-forwarded-", "x-envoy-");

    private static final List<String> BROWSER = List.of("origin", "referer", "sec-fetch-");

    private static final Pattern ABSOLUTE = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*).*", Pattern.DOTALL);

    private final Failures failures = new Failures();
    private final DrainGate gate;

    DrainResource(DrainGate gate) {
        this.gate = gate;
    }

    @POST
    public Response byPost(HttpServerRequest request) throws InterruptedException {
        return drain(request);
    }

    /** The kubelet's httpGet hook, for images without a shell; from anybody else it changes nothing. */
    @GET
    public Response byGet(HttpServerRequest request) throws InterruptedException {
        return drain(request);
    }

    @HEAD
    public Response byHead(HttpServerRequest request) throws InterruptedException {
        return drain(request);
    }

    @PUT
    public Response byPut(HttpServerRequest request) throws InterruptedException {
        return drain(request);
    }

    @PATCH
    public Response byPatch(HttpServerRequest request) throws InterruptedException {
        return drain(request);
    }

    @DELETE
    public Response byDelete(HttpServerRequest request) throws InterruptedException {
        return drain(request);
    }

    @OPTIONS
    public Response byOptions(HttpServerRequest request) throws InterruptedException {
        return drain(request);
    }

    /** Whatever goes wrong, a hook is answered at once and plainly. */
    private Response drain(HttpServerRequest request) throws InterruptedException {
        try {
            return answer(request);
        } catch (RuntimeException unexpected) {
            return Response.status(503)
                    .entity(json(Map.of("error", "not drained: " + failures.say("/api/v1/drain", unexpected))))
                    .build();
        }
    }

    private Response answer(HttpServerRequest request) throws InterruptedException {
        return switch (gate.call(caller(request), () -> maySayNothing(request), () -> hungUp(request))) {
            case Answer.Drained(Drain drain) -> Response.ok(json(view(drain))).build();
            case Answer.Restarted(String why) ->
                Response.ok(json(Map.of(
                                "drained",
                                false,
                                "how",
                                "nothing to wait for, its container is restarted by the verdict: " + why)))
                        .build();
            case Answer.Denied(Refusal refusal, String why, boolean news) -> {
                if (news) {
                    LOG.warnf("drain refused (%s): %s", refusal.word(), why);
                }
                Response.ResponseBuilder answer =
                        Response.status(refusal.status()).entity(json(Map.of("error", "not drained: " + why)));
                yield refusal == Refusal.METHOD ? answer.header("Allow", "POST").build() : answer.build();
            }
        };
    }

    private static Caller caller(HttpServerRequest request) {
        return new Caller(
                request.method().name(),
                Optional.ofNullable(request.getHeader(DrainRight.HEADER)),
                Optional.ofNullable(request.getHeader("Authorization"))
                        .filter(it -> it.startsWith(BEARER))
                        .map(it -> it.substring(BEARER.length()).strip()),
                isOwnLoopback(request.remoteAddress()) && isOwnLoopback(request.localAddress()),
                has(request, BROWSER),
                has(request, FORWARDED),
                isOwnHost(request));
    }

    private static boolean has(HttpServerRequest request, List<String> headers) {
        return request.headers().names().stream()
                .map(name -> name.toLowerCase(Locale.ROOT))
                .anyMatch(name ->
                        headers.stream().anyMatch(it -> it.endsWith("-") ? name.startsWith(it) : name.equals(it)));
    }

    /** Not the whole of 127.0.0.0/8: what comes through Istio's proxy from elsewhere comes from 127.0.0.6. */
    private static boolean isOwnLoopback(SocketAddress address) {
        return address != null
                && address.hostAddress() != null
                && List.of("127.0.0.1", "0:0:0:0:0:0:0:1", "::1").contains(address.hostAddress());
    }

    /** A name may have been made to point here, so that a page in a browser on this network reaches us as its own server. */
    private static boolean isOwnHost(HttpServerRequest request) {
        String local =
                request.localAddress() == null ? null : request.localAddress().hostAddress();
        return isOwnHost(request.headers().getAll("Host"), request.uri(), local);
    }

    /** Each place where the request may name its server has to name us: of a target with an authority, Host is not to be heeded alone. */
    static boolean isOwnHost(List<String> hosts, String target, String local) {
        Matcher absolute = ABSOLUTE.matcher(target);
        return hosts.size() <= 1
                && hosts.stream().allMatch(host -> isOwn(host, local))
                && (!absolute.matches() || isOwn(absolute.group(1), local));
    }

    private static boolean isOwn(String host, String local) {
        String name = host.replaceFirst(":[0-9]*$", "").replaceAll("^\\[|]$", "");
        if (name.equals("localhost")) {
            return true;
        }
        try {
            InetAddress given = InetAddress.ofLiteral(name);
            return given.isLoopbackAddress() || local != null && given.equals(InetAddress.ofLiteral(local));
        } catch (IllegalArgumentException isName) {
            return false;
        }
    }

    private static boolean hungUp(HttpServerRequest request) {
        return request.response().closed();
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

    private static String json(Map<String, Object> view) {
        return new JsonObject(view).encode();
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
