package dev.pilotlight.vllm;

import dev.pilotlight.process.Web;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Streams of completions of a wanted length, all sent at once. */
final class Streams {
    private static final int VOCABULARY = 2000;
    private static final int PROMPT = 16;

    private final List<CompletableFuture<Ending>> endings = new ArrayList<>();
    private final AtomicInteger begun = new AtomicInteger();
    private final List<Thread> clients = new ArrayList<>();

    /**
     * How a stream ended.
     *
     * @param tokens events that it brought
     * @param why empty when it is whole: all its tokens, its reason to finish and its last word
     */
    record Ending(Instant at, int tokens, String why) {
        boolean isWhole() {
            return why.isEmpty();
        }
    }

    private Streams() {}

    static Streams send(RealVllm server, int count, int tokens) {
        return send(server, count, tokens, PROMPT);
    }

    static Streams send(RealVllm server, int count, int tokens, int promptTokens) {
        Streams streams = new Streams();
        for (int i = 0; i < count; i++) {
            CompletableFuture<Ending> ending = new CompletableFuture<>();
            streams.endings.add(ending);
            streams.clients.add(
                    Thread.ofVirtual().start(() -> ending.complete(streams.stream(server, tokens, promptTokens))));
        }
        return streams;
    }

    private Ending stream(RealVllm server, int tokens, int promptTokens) {
        // Token ids: no server has to tokenise, and no two prompts are alike.
        JsonArray prompt = new JsonArray();
        for (int i = 0; i < promptTokens; i++) {
            prompt.add(ThreadLocalRandom.current().nextInt(10, VOCABULARY));
        }
        JsonObject body = new JsonObject()
                .put("model", "tiny")
                .put("prompt", prompt)
                .put("max_tokens", tokens)
                .put("ignore_eos", true)
                .put("temperature", 0)
                .put("stream", true);
        HttpRequest.Builder request = HttpRequest.newBuilder(server.at("/v1/completions"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.encode()));
        server.apiKey().ifPresent(key -> request.header("Authorization", "Bearer " + key));
        int events = 0;
        String finish = "";
        boolean lastWord = false;
        try {
            HttpResponse<InputStream> response =
                    Web.CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
                if (response.statusCode() != 200) {
                    return new Ending(Instant.now(), 0, "status " + response.statusCode() + ": " + lines.readLine());
                }
                for (String line; (line = lines.readLine()) != null; ) {
                    if (line.equals("data: [DONE]")) {
                        lastWord = true;
                    } else if (line.startsWith("data: {")) {
                        JsonObject event = new JsonObject(line.substring(6));
                        if (event.containsKey("error")) {
                            return new Ending(Instant.now(), events, "error event: " + line);
                        }
                        if (events++ == 0) {
                            begun.incrementAndGet();
                        }
                        JsonObject choice = event.getJsonArray("choices").getJsonObject(0);
                        finish = choice.getString("finish_reason") == null ? finish : choice.getString("finish_reason");
                    }
                }
            }
        } catch (IOException cut) {
            return new Ending(Instant.now(), events, "cut: " + cut);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return new Ending(Instant.now(), events, "stopped");
        }
        return new Ending(
                Instant.now(),
                events,
                finish.equals("length") && lastWord ? "" : "finish_reason '" + finish + "', [DONE] " + lastWord);
    }

    /** The clients go before they have all. */
    void hangUp() {
        clients.forEach(Thread::interrupt);
    }

    /** How many have brought a first token. */
    int begun() {
        return begun.get();
    }

    long open() {
        return endings.stream().filter(ending -> !ending.isDone()).count();
    }

    /** All endings; fails when one is still open after that time. */
    List<Ending> endings(Duration within) {
        try {
            CompletableFuture.allOf(endings.toArray(CompletableFuture[]::new))
                    .get(within.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException open) {
            throw new AssertionError(open() + " of " + endings.size() + " streams still open", open);
        }
        return endings.stream().map(CompletableFuture::join).toList();
    }

    static Instant last(List<Ending> endings) {
        return endings.stream().map(Ending::at).max(Instant::compareTo).orElseThrow();
    }
}
