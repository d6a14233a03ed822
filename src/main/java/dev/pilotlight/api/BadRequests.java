package dev.pilotlight.api;

import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;

/** A request that is refused before it has reached anything is answered, and not logged: whoever sends it could fill the log. */
public final class BadRequests implements Handler<RoutingContext> {
    @Override
    public void handle(RoutingContext context) {
        int status = context.statusCode();
        if (status < 400 || status >= 500 || context.response().ended()) {
            context.next();
            return;
        }
        String why = context.failure() == null || context.failure().getMessage() == null
                ? "the request cannot be served"
                : context.failure().getMessage();
        context.response()
                .setStatusCode(status)
                .putHeader("Content-Type", "text/plain;charset=UTF-8")
                .end(why + "\n");
    }
}
