package dev.pilotlight.api;

import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;

/**
 * A request that is refused before it has reached anything is answered, and not logged: whoever sends it could fill the log. One that fails
 * in our own code is answered with a sentence and no stack, which is for the log.
 */
public final class BadRequests implements Handler<RoutingContext> {
    private final Failures failures = new Failures();

    @Override
    public void handle(RoutingContext context) {
        int status = context.statusCode();
        if (status < 400 || context.response().ended() || context.response().headWritten()) {
            context.next();
            return;
        }
        context.response()
                .setStatusCode(status)
                .putHeader("Content-Type", "text/plain;charset=UTF-8")
                .end(why(context, status) + "\n");
    }

    private String why(RoutingContext context, int status) {
        Throwable failure = context.failure();
        if (failure != null && status >= 500) {
            return failures.say(context.request().path(), failure);
        }
        return failure == null || failure.getMessage() == null ? "the request cannot be served" : failure.getMessage();
    }
}
