package dev.pilotlight.inject;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Who is connected to the webhook, and for how long. API servers ask by HTTP/1.1 (kubernetes#75791) on connections that they keep: one that
 * ends on this side may have the next review on it already, and that pod is missed.
 */
final class Connections {
    /** Longer than API servers keep a connection that they do not use (90 s): so they end it, and know. */
    static final Duration IDLE = Duration.ofSeconds(120);

    /** For a request to come, and to come whole. */
    private static final Duration ASKING = Duration.ofSeconds(20);

    private static final int MOST = 1_000;

    private final Vertx vertx;
    private final Set<HttpConnection> open = ConcurrentHashMap.newKeySet();
    /** Of these, that asked for nothing yet. */
    private final Set<HttpConnection> silent = ConcurrentHashMap.newKeySet();

    private volatile boolean leaving;

    Connections(Vertx vertx) {
        this.vertx = vertx;
    }

    void opened(HttpConnection connection) {
        open.add(connection);
        silent.add(connection);
        long patience = vertx.setTimer(ASKING.toMillis(), _ -> {
            if (silent.contains(connection)) {
                connection.close();
            }
        });
        connection.closeHandler(_ -> {
            vertx.cancelTimer(patience);
            open.remove(connection);
            silent.remove(connection);
        });
        if (open.size() > MOST) {
            connection.close();
        }
    }

    /** @return what to run once the request has come whole, or broke off */
    Runnable asked(HttpServerRequest request) {
        silent.remove(request.connection());
        long patience =
                vertx.setTimer(ASKING.toMillis(), _ -> request.connection().close());
        return () -> vertx.cancelTimer(patience);
    }

    /** Whether the answer to it is the last on its connection. */
    boolean isLast(HttpServerRequest request) {
        return leaving && request.version() != HttpVersion.HTTP_2;
    }

    /** From now on the answer to each is its last one here. */
    void leave() {
        leaving = true;
        for (HttpConnection connection : open) {
            try {
                connection.goAway(0);
            } catch (UnsupportedOperationException http1) {
                // Its next answer is its last.
            }
        }
    }
}
