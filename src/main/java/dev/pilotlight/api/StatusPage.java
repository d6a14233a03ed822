package dev.pilotlight.api;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/**
 * The page for people. Held in memory: the platform's own way copies such files into a folder of the temp dir first, and in a container
 * with a read-only root the process then ends before its port opens. A browser asks each time whether it is still the same: after an
 * upgrade the page of before would not fit.
 */
public final class StatusPage implements Handler<RoutingContext> {
    private final Buffer page;
    private final String tag;
    private final String policy;

    public StatusPage() {
        String text = text();
        page = Buffer.buffer(text);
        tag = "\"" + hash(text).substring(0, 20) + "\"";
        // Of scripts and styles, those of this very page; and nothing from elsewhere.
        policy = "default-src 'none'; connect-src 'self'; script-src 'sha256-" + hash(within(text, "script"))
                + "'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    }

    @Override
    public void handle(RoutingContext context) {
        HttpServerResponse response = context.response()
                .putHeader("Cache-Control", "no-cache")
                .putHeader("ETag", tag)
                .putHeader("Content-Security-Policy", policy)
                .putHeader("X-Content-Type-Options", "nosniff");
        if (tag.equals(context.request().getHeader("If-None-Match"))) {
            response.setStatusCode(304).end();
        } else {
            response.putHeader("Content-Type", "text/html;charset=UTF-8").end(page);
        }
    }

    private static String text() {
        try (InputStream file = StatusPage.class.getResourceAsStream("index.html")) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static String within(String text, String element) {
        int from = text.indexOf("<" + element + ">") + element.length() + 2;
        return text.substring(from, text.indexOf("</" + element + ">", from));
    }

    private static String hash(String text) {
        try {
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException everyPlatformHasIt) {
            throw new IllegalStateException(everyPlatformHasIt);
        }
    }
}
