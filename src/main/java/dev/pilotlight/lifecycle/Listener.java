package dev.pilotlight.lifecycle;

import dev.pilotlight.http.Excerpt;
import dev.pilotlight.http.Http;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;

/** Notes when the first bytes came, and how they began; a stream that says that it is done is not listened to on. */
final class Listener implements Http.Body {
    private static final int SHOWN_OF_AN_ERROR = Excerpt.LONGEST;
    private static final byte[] DONE = "\ndata: [DONE]".getBytes(StandardCharsets.US_ASCII);

    private final Supplier<Instant> clock;
    private final Instant began;
    private final byte[] start = new byte[SHOWN_OF_AN_ERROR];
    private int kept;
    private int ofDone;
    private volatile Optional<Instant> firstAt = Optional.empty();

    Listener(Supplier<Instant> clock) {
        this.clock = clock;
        this.began = clock.get();
    }

    Instant began() {
        return began;
    }

    Optional<Instant> firstAt() {
        return firstAt;
    }

    @Override
    public boolean accept(byte[] bytes, int offset, int length) {
        if (firstAt.isEmpty() && length > 0) {
            firstAt = Optional.of(clock.get());
        }
        int more = Math.min(length, start.length - kept);
        System.arraycopy(bytes, offset, start, kept, more);
        kept += more;
        return !isDone(bytes, offset, length);
    }

    /** Some servers leave the connection open after it. In a token the line break would be escaped. */
    private boolean isDone(byte[] bytes, int offset, int length) {
        for (int i = offset; i < offset + length && ofDone < DONE.length; i++) {
            ofDone = bytes[i] == DONE[ofDone] ? ofDone + 1 : bytes[i] == DONE[0] ? 1 : 0;
        }
        return ofDone == DONE.length;
    }

    String said() {
        return Excerpt.of(start, kept);
    }

    /** An object, or a stream of events. A portal's page, or a proxy's OK, is none, whatever type it is said to be of. */
    boolean isOfAnApi() {
        String said = said();
        return said.startsWith("{")
                || said.startsWith("data:")
                || said.startsWith("event:")
                || said.startsWith("id:")
                || said.startsWith(":");
    }

    /** A stream that is turned away answers 200 and then sends an error event. */
    boolean isError() {
        String said = said();
        return said.startsWith("data: {\"error\"") || said.startsWith("{\"error\"") || said.startsWith("data: [DONE]");
    }
}
