package dev.pilotlight.simulator;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/** Answers the OpenAI paths: hands the request to the engine core and turns its tokens into text as they come. */
final class OpenAiAnswers {
    private static final String[] WORDS = {" light", " the", " small", " flame", " and", " keep", " it", " warm"};

    private final EngineProcess process;
    private final Random random;
    private final AtomicLong numbers = new AtomicLong();

    OpenAiAnswers(EngineProcess process) {
        this.process = process;
        this.random = new Random(process.options().seed());
    }

    void answer(Call call, Completion.Kind kind) throws IOException, InterruptedException {
        Completion completion;
        try {
            if (process.options().pooling() != (kind == Completion.Kind.EMBEDDING)) {
                call.notFound();
                return;
            }
            completion = read(call, kind);
            int rank = rank(call);
            Ticket ticket = process.core().submit(rank, completion.request());
            if (ticket == null) {
                throw engineDead();
            }
            try {
                if (completion.stream()) {
                    stream(call, kind, completion, ticket);
                } else {
                    whole(call, kind, completion, ticket);
                }
            } catch (IOException | InterruptedException e) {
                process.core().abort(ticket); // the client has hung up, or the process ends
                throw e;
            }
        } catch (Completion.Rejected e) {
            call.json(e.status(), e.json());
        }
    }

    private Completion read(Call call, Completion.Kind kind) throws IOException, Completion.Rejected {
        String body = call.body();
        if (process.isTerminating()) {
            throw engineDead();
        }
        Completion completion;
        synchronized (random) {
            completion = Completion.read(kind, body, process.options(), random);
        }
        if (process.queueIsFull()) {
            throw new Completion.Rejected(
                    503, "ServiceUnavailableError", null, "The request queue is full. Try again later.");
        }
        return completion;
    }

    private static Completion.Rejected engineDead() {
        return new Completion.Rejected(
                500,
                "InternalServerError",
                null,
                "EngineCore encountered an issue. See stack trace (above) for the root cause.");
    }

    private int rank(Call call) throws Completion.Rejected {
        String header = call.header("X-data-parallel-rank");
        if (header == null) {
            return -1;
        }
        int ranks = process.options().ranks();
        if (!header.matches("\\d{1,4}") || Integer.parseInt(header) >= ranks) {
            throw new Completion.Rejected(
                    400,
                    "BadRequestError",
                    null,
                    "data_parallel_rank " + header + " is out of range [0, " + ranks + ").");
        }
        return Integer.parseInt(header);
    }

    private void whole(Call call, Completion.Kind kind, Completion completion, Ticket ticket)
            throws IOException, InterruptedException, Completion.Rejected {
        Ticket.Progress end = ticket.awaitEnd();
        if (end.finish() == Finish.ERROR) {
            throw engineDead();
        }
        String usage = usage(completion.request(), end.generated());
        if (kind == Completion.Kind.EMBEDDING) {
            call.json(200, """
                    {"id":"%s","object":"list","created":%d,"model":%s,"data":[{"index":0,"object":"embedding",\
                    "embedding":[0.6,0.8]}],%s}""".formatted(id("embd"), now(), model(), usage));
            return;
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < end.generated(); i++) {
            text.append(word(i));
        }
        String content = Json.quote(text.toString());
        String choice = kind == Completion.Kind.CHAT
                ? "\"message\":{\"role\":\"assistant\",\"content\":" + content + "}"
                : "\"text\":" + content;
        call.json(200, """
                {"id":"%s","object":"%s","created":%d,"model":%s,"choices":[{"index":0,%s,"logprobs":null,\
                "finish_reason":"%s","stop_reason":null}],%s}""".formatted(
                        id(kind == Completion.Kind.CHAT ? "chatcmpl" : "cmpl"),
                        kind == Completion.Kind.CHAT ? "chat.completion" : "text_completion",
                        now(),
                        model(),
                        choice,
                        end.finish().label(),
                        usage));
    }

    private void stream(Call call, Completion.Kind kind, Completion completion, Ticket ticket)
            throws IOException, InterruptedException {
        boolean chat = kind == Completion.Kind.CHAT;
        String head = "{\"id\":\"%s\",\"object\":\"%s\",\"created\":%d,\"model\":%s,"
                .formatted(
                        id(chat ? "chatcmpl" : "cmpl"),
                        chat ? "chat.completion.chunk" : "text_completion",
                        now(),
                        model());
        try (OutputStream out = call.stream(200, "text/event-stream; charset=utf-8")) {
            int seen = 0;
            Ticket.Progress progress;
            do {
                progress = ticket.await(seen);
                if (progress.finish() == Finish.ERROR) {
                    event(out, engineDead().json());
                    break;
                }
                if (chat && seen == 0) {
                    event(
                            out,
                            head + "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},"
                                    + "\"logprobs\":null,\"finish_reason\":null}]}");
                }
                for (; seen < progress.generated(); seen++) {
                    boolean last = progress.ended() && seen == progress.generated() - 1;
                    event(out, head + choice(chat, word(seen), last ? progress.finish() : null));
                }
                if (progress.ended() && progress.finish() == Finish.ABORT) {
                    event(out, head + choice(chat, "", Finish.ABORT));
                }
                out.flush();
            } while (!progress.ended());
            if (completion.usage() && progress.finish() != Finish.ERROR) {
                event(out, head + "\"choices\":[]," + usage(completion.request(), progress.generated()) + "}");
            }
            event(out, "[DONE]");
        }
    }

    private static String choice(boolean chat, String word, Finish finish) {
        String content = Json.quote(word);
        return "\"choices\":[{\"index\":0,%s,\"logprobs\":null,\"finish_reason\":%s}]}"
                .formatted(
                        chat ? "\"delta\":{\"content\":" + content + "}" : "\"text\":" + content,
                        finish == null ? "null" : Json.quote(finish.label()));
    }

    private static void event(OutputStream out, String data) throws IOException {
        out.write(("data: " + data + "\n\n").getBytes(StandardCharsets.UTF_8));
    }

    private static String usage(Request request, int generated) {
        return "\"usage\":{\"prompt_tokens\":%d,\"total_tokens\":%d,\"completion_tokens\":%d,\"prompt_tokens_details\":null}"
                .formatted(request.promptTokens(), request.promptTokens() + generated, generated);
    }

    private static String word(int index) {
        return WORDS[index % WORDS.length];
    }

    private String model() {
        return Json.quote(process.options().model());
    }

    private String id(String kind) {
        return "%s-%032x".formatted(kind, numbers.incrementAndGet());
    }

    private static long now() {
        return System.currentTimeMillis() / 1000;
    }
}
