package dev.pilotlight.hostile;

import dev.pilotlight.process.RawServer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.function.IntUnaryOperator;

/** Answers of a server that are none. */
public final class Garbage {
    private static final int KINDS = 14;

    private Garbage() {}

    /** An answer that is none, or one without end. */
    public static void answer(OutputStream out, String good, IntUnaryOperator pick) throws IOException {
        byte[] head =
                switch (pick.applyAsInt(KINDS)) {
                    case 0 -> "HTTP/1.1 500 X\r\nContent-Length: 3\r\n\r\nerr".getBytes(StandardCharsets.ISO_8859_1);
                    case 1 ->
                        "HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
                                .getBytes(StandardCharsets.ISO_8859_1);
                    case 2 -> "HTTP/1.1 999999999999 X\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
                    case 3 -> "SSH-2.0-OpenSSH_9.9\r\n".getBytes(StandardCharsets.ISO_8859_1);
                    case 4 ->
                        ("HTTP/1.1 200 X\r\nX: " + "y".repeat(100_000) + "\r\n\r\n")
                                .getBytes(StandardCharsets.ISO_8859_1);
                    case 5 ->
                        ("HTTP/1.1 200 X\r\nContent-Length: 1000000\r\n\r\n" + good).getBytes(StandardCharsets.UTF_8);
                    case 6 -> ("HTTP/1.1 200 X\r\nContent-Length: -5\r\n\r\n" + good).getBytes(StandardCharsets.UTF_8);
                    case 7 ->
                        ("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n" + good)
                                .getBytes(StandardCharsets.UTF_8);
                    case 8 -> "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000).getBytes(StandardCharsets.ISO_8859_1);
                    case 9 ->
                        ("HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\u001f\u008bxx")
                                .getBytes(StandardCharsets.ISO_8859_1);
                    case 10 -> "HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
                    case 11 -> {
                        RawServer.answer(
                                out, 200, "text/html", Mutations.text(good, new Random(pick.applyAsInt(1 << 20))));
                        yield new byte[0];
                    }
                    case 12 -> {
                        endless(out);
                        yield new byte[0];
                    }
                    default -> new byte[0];
                };
        out.write(head);
        out.flush();
        throw new IOException("the connection ends here");
    }

    /** Up to 24 MiB of one line, as long as anybody reads it. */
    private static void endless(OutputStream out) throws IOException {
        out.write("HTTP/1.1 200 X\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
        byte[] piece = "vllm:num_requests_running{a=\"\u0436\u0436\u0436\u0436"
                .repeat(500)
                .getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < (24 << 20) / piece.length; i++) {
            out.write(piece);
        }
    }
}
