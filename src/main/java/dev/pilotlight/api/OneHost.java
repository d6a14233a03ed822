package dev.pilotlight.api;

import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;

/** Refuses a request with several Host headers (RFC 9112, 3.2): a proxy on the way and we might each believe another one. */
public final class OneHost implements Handler<RoutingContext> {
    @Override
    public void handle(RoutingContext context) {
        if (context.request().headers().getAll("Host").size() > 1) {
            context.fail(400, new IllegalArgumentException("the request has several Host headers; send one"));
        } else {
            context.next();
        }
    }
}
