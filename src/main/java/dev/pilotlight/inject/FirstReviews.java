package dev.pilotlight.inject;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Reviews that the webhook asks of itself at its own port, each over a connection of its own. The first ones of a process may take longer
 * than the two seconds that an API server waits, and the pod that it asked about then starts without the sidecar.
 */
final class FirstReviews {
    private static final Duration QUICK = Duration.ofMillis(250);
    private static final int QUICK_IN_A_ROW = 3;

    /** A machine may be so slow for ever: then late answers are better than none. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final String REVIEW = """
            {
              "apiVersion": "admission.k8s.io/v1",
              "kind": "AdmissionReview",
              "request": {
                "uid": "first",
                "operation": "CREATE",
                "resource": {"group": "", "version": "v1", "resource": "pods"},
                "namespace": "none",
                "object": {
                  "metadata": {"labels": {"pilotlight.dev/inject": "true"}},
                  "spec": {"containers": [{"name": "vllm", "image": "vllm/vllm-openai", "args": ["--model=m", "--port=8000"]}]}
                }
              }
            }""";

    private FirstReviews() {}

    static void ask(Vertx vertx, Webhook.Place place, Supplier<Instant> clock) {
        Instant deadline = clock.get().plus(PATIENCE);
        int quick = 0;
        while (quick < QUICK_IN_A_ROW && clock.get().isBefore(deadline)) {
            Instant quickUntil = clock.get().plus(QUICK);
            boolean answered = isAnswered(vertx, place);
            quick = answered && clock.get().isBefore(quickUntil) ? quick + 1 : 0;
        }
    }

    private static boolean isAnswered(Vertx vertx, Webhook.Place place) {
        // Whoever listens at its own port is itself.
        HttpClient client = vertx.createHttpClient(new HttpClientOptions()
                .setSsl(true)
                .setTrustAll(true)
                .setVerifyHost(false)
                .setUseAlpn(true)
                .setProtocolVersion(HttpVersion.HTTP_2));
        try {
            return client.request(HttpMethod.POST, place.port(), reachable(place.host()), "/api/v1/inject")
                            .compose(request -> request.send(REVIEW))
                            .map(HttpClientResponse::statusCode)
                            .toCompletionStage()
                            .toCompletableFuture()
                            .get(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    == 200;
        } catch (ExecutionException | TimeoutException failed) {
            return false;
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            client.close();
        }
    }

    private static String reachable(String host) {
        return switch (host) {
            case "0.0.0.0", "::" -> "localhost";
            default -> host;
        };
    }
}
