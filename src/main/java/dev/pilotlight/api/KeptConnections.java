package dev.pilotlight.api;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Every caller is answered, and so many may keep their connection for the next request: whoever holds connections, the kubelet's probes
 * get through. (A limit that turns connections away turns the kubelet away too, and six probes later vLLM is restarted.)
 */
public final class KeptConnections implements Handler<RoutingContext> {
    /** Prometheus, a pool's leader and a few people have one each; the kubelet keeps none. */
    private static final int MOST = 128;

    private final Set<HttpConnection> kept = ConcurrentHashMap.newKeySet();

    @Override
    public void handle(RoutingContext context) {
        HttpConnection connection = context.request().connection();
        if (!kept.contains(connection)) {
            if (kept.size() < MOST) {
                kept.add(connection);
                // Not its close handler: that one is the platform's, by which it counts the connections that are open.
                ((ConnectionBase) connection).channel().closeFuture().addListener(_ -> kept.remove(connection));
            } else if (context.request().version() == HttpVersion.HTTP_2) {
                // HTTP/2 has no such header; the connection ends with the last of its answers.
                context.addEndHandler(_ -> connection.shutdown());
            } else {
                context.response().putHeader("Connection", "close");
                context.addEndHandler(_ -> connection.close());
            }
        }
        context.next();
    }
}
