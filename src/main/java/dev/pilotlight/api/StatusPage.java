package dev.pilotlight.api;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * The page for people. Held in memory: the platform's own way copies such files into a folder of the temp dir first, and in a container
 * with a read-only root the process then ends before its port opens.
 */
public final class StatusPage implements Handler<RoutingContext> {
    private final Buffer page;

    public StatusPage() {
        try (InputStream file = StatusPage.class.getResourceAsStream("index.html")) {
            page = Buffer.buffer(file.readAllBytes());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    @Override
    public void handle(RoutingContext context) {
        context.response().putHeader("Content-Type", "text/html;charset=UTF-8").end(page);
    }
}
