package dev.pilotlight.kube;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * The wire to the API server: fabric8's client for address, trust and tokens, and its HTTP client for the calls. Trees of JSON
 * rather than the client's classes: four kinds of object are read and a few fields of each, and a watch shows its bookmarks, by
 * which one that went silent is told from one without news.
 */
public final class ApiClient implements ApiServer {
    /** A line of a watch is one object; etcd takes 1.5 MiB. */
    private static final int LONGEST_LINE = 4 << 20;

    private final Supplier<KubernetesClient> client;
    private final Duration timeout;
    private final AtomicReference<KubeTally> calls = new AtomicReference<>(KubeTally.EMPTY);

    public ApiClient(Supplier<KubernetesClient> client, Duration timeout) {
        this.client = client;
        this.timeout = timeout;
    }

    @Override
    public KubeTally calls() {
        return calls.get();
    }

    @Override
    public Answer send(Call call) {
        Answer answer = exchange(call);
        calls.updateAndGet(all -> all.add(call, answer));
        return answer;
    }

    private Answer exchange(Call call) {
        CompletableFuture<HttpResponse<byte[]>> sent;
        try {
            HttpClient http = client.get().getHttpClient();
            sent = http.sendAsync(
                    request(http, call)
                            .timeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                            .build(),
                    byte[].class);
        } catch (KubernetesClientException | IllegalArgumentException misconfigured) {
            return new Answer.Lost("there is no way to the API server: " + misconfigured.getMessage());
        }
        return await(
                sent,
                response -> new Answer.Got(
                        response.code(), new String(response.body(), StandardCharsets.UTF_8), retryAfter(response)));
    }

    private <R> Answer await(
            CompletableFuture<HttpResponse<R>> sent, java.util.function.Function<HttpResponse<R>, Answer> got) {
        try {
            // The client's own timeout comes first; this one is for a client that stands still itself.
            return got.apply(sent.get(timeout.toMillis() * 2, TimeUnit.MILLISECONDS));
        } catch (TimeoutException late) {
            sent.cancel(true);
            return new Answer.Lost("no answer within " + timeout.toMillis() * 2 + " ms");
        } catch (InterruptedException stop) {
            sent.cancel(true);
            Thread.currentThread().interrupt();
            return new Answer.Lost("stopped while waiting");
        } catch (ExecutionException failed) {
            Throwable cause = failed.getCause();
            return new Answer.Lost(cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage());
        }
    }

    private HttpRequest.Builder request(HttpClient http, Call call) {
        String root = client.get().getConfiguration().getMasterUrl().replaceAll("/+$", "");
        HttpRequest.Builder request =
                http.newHttpRequestBuilder().uri(root + call.target()).header("Accept", "application/json");
        String body = call.body().map(JsonObject::encode).orElse("");
        return switch (call.verb()) {
            case GET, LIST, WATCH -> request;
            case CREATE -> request.method("POST", "application/json", body);
            case UPDATE -> request.method("PUT", "application/json", body);
            case PATCH -> request.method("PATCH", "application/merge-patch+json", body);
        };
    }

    private static Optional<Duration> retryAfter(HttpResponse<?> response) {
        try {
            return Optional.ofNullable(response.header("Retry-After"))
                    .map(Long::parseLong)
                    .map(Duration::ofSeconds);
        } catch (NumberFormatException aDate) {
            return Optional.empty();
        }
    }

    @Override
    public Events watch(Call call) {
        Stream stream = new Stream();
        Answer answer;
        try {
            HttpClient http = client.get().getHttpClient();
            CompletableFuture<HttpResponse<AsyncBody>> sent =
                    http.consumeBytes(request(http, call).forStreaming().build(), stream::take);
            answer = await(sent, response -> {
                stream.begin(response.body());
                return new Answer.Got(response.code(), "", retryAfter(response));
            });
        } catch (KubernetesClientException | IllegalArgumentException misconfigured) {
            answer = new Answer.Lost("there is no way to the API server: " + misconfigured.getMessage());
        }
        Answer opened = answer;
        calls.updateAndGet(all -> all.add(call, opened));
        stream.opened(opened);
        return stream;
    }

    /** Bytes of one watch on their way from the client's thread to the reader's: one chunk at a time is asked for. */
    private final class Stream implements Events {
        private static final ByteBuffer END = ByteBuffer.allocate(0);

        private final BlockingQueue<ByteBuffer> chunks = new LinkedBlockingQueue<>();
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();
        private ByteBuffer chunk = ByteBuffer.allocate(0);
        private Optional<AsyncBody> body = Optional.empty();
        private boolean opened;
        private volatile Answer end = new Answer.Got(200, "", Optional.empty());

        private void take(List<ByteBuffer> bytes, AsyncBody from) {
            chunks.addAll(bytes);
        }

        private void begin(AsyncBody from) {
            body = Optional.of(from);
            from.done().whenComplete((_, failure) -> {
                if (failure != null) {
                    end = new Answer.Lost("the watch broke off: " + failure.getMessage());
                }
                chunks.add(END);
            });
            from.consume();
        }

        private void opened(Answer answer) {
            opened = answer instanceof Answer.Got got && got.status() / 100 == 2;
            if (!opened) {
                close();
                end = answer;
                chunks.clear();
                chunks.add(END);
            }
        }

        @Override
        public boolean opened() {
            return opened;
        }

        @Override
        public Next next(Duration patience) {
            while (true) {
                while (chunk.hasRemaining()) {
                    byte next = chunk.get();
                    if (next == '\n') {
                        String text = line.toString(StandardCharsets.UTF_8);
                        line.reset();
                        if (!text.isBlank()) {
                            return event(text);
                        }
                    } else if (line.size() >= LONGEST_LINE) {
                        close();
                        return new Next.Ended(new Answer.Lost("an event is longer than " + LONGEST_LINE + " bytes"));
                    } else {
                        line.write(next);
                    }
                }
                ByteBuffer more;
                try {
                    more = chunks.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
                } catch (InterruptedException stop) {
                    Thread.currentThread().interrupt();
                    return new Next.Ended(new Answer.Lost("stopped while watching"));
                }
                if (more == null) {
                    return new Next.Silence();
                }
                if (more == END) {
                    return new Next.Ended(end);
                }
                chunk = more;
                body.ifPresent(AsyncBody::consume);
            }
        }

        private Next event(String text) {
            try {
                JsonObject event = new JsonObject(text);
                return new Next.Event(event.getString("type", ""), event.getJsonObject("object", new JsonObject()));
            } catch (DecodeException | ClassCastException garbled) {
                close();
                return new Next.Ended(new Answer.Lost("the watch sent what is no event: " + garbled.getMessage()));
            }
        }

        @Override
        public void close() {
            body.ifPresent(AsyncBody::cancel);
        }
    }
}
