package dev.pilotlight.inject;

import io.vertx.core.buffer.Buffer;
import java.util.concurrent.Semaphore;

/** What has come of a request's body, as far as there is room. Of one event loop. */
final class ReviewBody {
    /** The API server itself takes no more than 3 MiB in one request. */
    private static final int LONGEST = 3 << 20;

    private final Semaphore bytes;
    private Buffer text = Buffer.buffer();
    private int held;
    private int status;
    private String refused;

    /** @param bytes that all bodies together may hold */
    ReviewBody(Semaphore bytes) {
        this.bytes = bytes;
    }

    Buffer text() {
        return text;
    }

    int status() {
        return status;
    }

    String refused() {
        return refused;
    }

    void add(Buffer piece) {
        if (refused != null) {
            return;
        }
        if (text.length() + piece.length() > LONGEST) {
            refuse(400, "the body is longer than " + LONGEST + " bytes");
        } else if (!bytes.tryAcquire(piece.length())) {
            refuse(503, "more reviews at once than fit into memory");
        } else {
            held += piece.length();
            text.appendBuffer(piece);
        }
    }

    private void refuse(int with, String why) {
        status = with;
        refused = why;
        bytes.release(handOver());
    }

    /** How much whoever goes on with it has to give back. */
    int handOver() {
        int was = held;
        held = 0;
        text = Buffer.buffer();
        return was;
    }

    /** Its caller has left. */
    void drop() {
        bytes.release(handOver());
    }
}
