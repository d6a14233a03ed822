package dev.pilotlight.api;

import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Answers 405 with what is allowed (RFC 9110, 15.5.6) to a method that a known path does not have, where the platform says 404. */
public final class Methods implements Handler<RoutingContext> {
    private static final Map<String, List<String>> ALLOWED = new HashMap<>();

    static {
        for (String page : List.of(
                "/",
                "/index.html",
                "/metrics",
                "/q/metrics",
                "/q/health",
                "/q/health/live",
                "/q/health/started",
                "/q/health/ready",
                "/q/health/group/engine")) {
            ALLOWED.put(page, List.of("GET"));
        }
        for (String view : List.of("/api/v1/status", "/api/v1/signals", "/api/v1/peer", "/api/v1/history")) {
            ALLOWED.put(view, List.of("GET", "HEAD", "OPTIONS"));
        }
    }

    @Override
    public void handle(RoutingContext context) {
        String method = context.request().method().name();
        List<String> allowed = ALLOWED.getOrDefault(context.normalizedPath(), List.of(method));
        if (allowed.contains(method)) {
            context.next();
            return;
        }
        context.response()
                .setStatusCode(405)
                .putHeader("Allow", String.join(", ", allowed))
                .putHeader("Content-Type", "text/plain;charset=UTF-8")
                .end("this path answers to " + String.join(", ", allowed) + "\n");
    }
}
