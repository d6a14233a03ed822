package dev.pilotlight.http;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** Finds out whether a server that never answered as it should speaks the other scheme: TLS for http, plain text for https. */
final class OtherScheme {
    private static final byte[] ASKED = "GET /health HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final String ANSWER = "HTTP/";

    private OtherScheme() {}

    /** Which scheme to write instead, if it is the other one. */
    static Optional<String> why(URI to, InetSocketAddress address, Duration within) {
        if (Destination.isTls(to)) {
            return isPlain(address, within) ? Optional.of(TlsFailure.plain(to.getRawAuthority())) : Optional.empty();
        }
        return isTls(address, within)
                ? Optional.of(to.getRawAuthority() + " speaks TLS: write https:// instead of http:// in its URL")
                : Optional.empty();
    }

    /** Whether a handshake is answered, with whatever certificate; nothing is sent after it. */
    private static boolean isTls(InetSocketAddress address, Duration within) {
        try (Socket plain = connected(address, within)) {
            SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
            try (SSLSocket socket = (SSLSocket)
                    factory.createSocket(plain, address.getAddress().getHostAddress(), address.getPort(), true)) {
                socket.startHandshake();
                return true;
            }
        } catch (SSLException answered) {
            // That its certificate is unknown here is an answer; a closed connection, or text, is none.
            String said = String.valueOf(answered.getMessage());
            return !(answered.getCause() instanceof EOFException)
                    && !said.contains("Unsupported or unrecognized SSL message")
                    && !said.contains("terminated the handshake");
        } catch (IOException silent) {
            return false;
        }
    }

    /** Whether a request in plain text is answered in plain text. It carries no key. */
    private static boolean isPlain(InetSocketAddress address, Duration within) {
        try (Socket plain = connected(address, within)) {
            plain.getOutputStream().write(ASKED);
            byte[] start = plain.getInputStream().readNBytes(ANSWER.length());
            return ANSWER.equals(new String(start, StandardCharsets.US_ASCII));
        } catch (IOException silent) {
            return false;
        }
    }

    private static Socket connected(InetSocketAddress address, Duration within) throws IOException {
        Socket socket = new Socket();
        socket.connect(address, (int) within.toMillis());
        socket.setSoTimeout((int) within.toMillis());
        return socket;
    }
}
