package dev.pilotlight.kube;

import dev.pilotlight.http.Causes;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The bytes of one watch on their way from the event loop to the reader's thread: one chunk at a time is asked for. */
final class WatchStream implements ApiServer.Events {
    /** A line of a watch is one object; etcd takes 1.5 MiB. */
    private static final int LONGEST_LINE = 4 << 20;

    private static final Buffer END = Buffer.buffer(0);

    private final BlockingQueue<Buffer> chunks = new LinkedBlockingQueue<>();
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private Buffer chunk = END;
    private int at;
    private boolean opened;
    private volatile Runnable more = () -> {};
    private volatile Runnable cut = () -> {};
    private volatile ApiServer.Answer end = new ApiServer.Answer.Got(200, "", Optional.empty());

    /** On the event loop. */
    void begin(HttpClientResponse from, Context context) {
        cut = () -> from.request().reset();
        more = () -> context.runOnContext(_ -> from.fetch(1));
        from.exceptionHandler(failure -> {
            end = new ApiServer.Answer.Lost("the watch broke off: " + Causes.words(failure));
            chunks.add(END);
        });
        from.endHandler(_ -> chunks.add(END));
        from.handler(chunks::add);
        from.fetch(1);
    }

    /** On the reader's thread, as all that follows. */
    void opened(ApiServer.Answer answer) {
        opened = answer instanceof ApiServer.Answer.Got got && got.status() / 100 == 2;
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
    public ApiServer.Next next(Duration patience) {
        while (true) {
            Optional<ApiServer.Next> found = fromChunk();
            if (found.isPresent()) {
                return found.get();
            }
            Buffer next;
            try {
                next = chunks.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
                return new ApiServer.Next.Ended(new ApiServer.Answer.Lost("stopped while watching"));
            }
            if (next == null) {
                return new ApiServer.Next.Silence();
            }
            if (next == END && line.size() > 0 && line.toByteArray()[0] != '{') {
                return new ApiServer.Next.Ended(
                        new ApiServer.Answer.Strange(200, line.toString(StandardCharsets.UTF_8)));
            }
            if (next == END) {
                return new ApiServer.Next.Ended(end);
            }
            chunk = next;
            at = 0;
            more.run();
        }
    }

    /** The next event, if the chunk at hand ends its line. */
    private Optional<ApiServer.Next> fromChunk() {
        while (at < chunk.length()) {
            byte next = chunk.getByte(at++);
            if (next == '\n') {
                String text = line.toString(StandardCharsets.UTF_8);
                line.reset();
                if (!text.isBlank()) {
                    return Optional.of(event(text));
                }
            } else if (line.size() >= LONGEST_LINE) {
                close();
                return Optional.of(new ApiServer.Next.Ended(
                        new ApiServer.Answer.Lost("an event is longer than " + LONGEST_LINE + " bytes")));
            } else {
                line.write(next);
            }
        }
        return Optional.empty();
    }

    private ApiServer.Next event(String text) {
        try {
            JsonObject event = new JsonObject(text);
            if (event.getValue("object") instanceof JsonObject object) {
                return new ApiServer.Next.Event(Fields.text(event, "type").orElse(""), object);
            }
        } catch (DecodeException | ClassCastException garbled) {
            // As of an event without an object.
        }
        close();
        return new ApiServer.Next.Ended(new ApiServer.Answer.Strange(200, text));
    }

    @Override
    public void close() {
        cut.run();
    }
}
