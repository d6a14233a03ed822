package dev.pilotlight.http;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Finds out whether a server wants a certificate of its clients, where it only closes the connection. In TLS 1.3 a client is through with the
 * handshake before the server has looked at its certificate, and some servers (Python's asyncio, so uvicorn and vLLM) then close without an
 * alert. That they ask for one is in the handshake itself.
 */
final class WantsClientCertificate {
    private static final byte[] ASKED = "GET /health HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private WantsClientCertificate() {}

    /** Whether the server asks for a certificate in the handshake, and answers nothing to a client that has none. */
    static boolean isSo(InetSocketAddress address, Duration within) {
        Asked asked = new Asked();
        try (Socket plain = new Socket()) {
            plain.connect(address, (int) within.toMillis());
            plain.setSoTimeout((int) within.toMillis());
            SSLContext context = SSLContext.getInstance("TLS");
            // Nothing but this question is sent, and no answer is believed: whose certificate it is plays no part.
            context.init(new KeyManager[] {asked}, new TrustManager[] {new Anybody()}, null);
            try (SSLSocket socket = (SSLSocket)
                    context.getSocketFactory().createSocket(plain, address.getHostString(), address.getPort(), true)) {
                socket.getOutputStream().write(ASKED);
                return socket.getInputStream().read() < 0 && asked.isSo;
            }
        } catch (SocketTimeoutException silent) {
            return false;
        } catch (IOException closed) {
            return asked.isSo;
        } catch (GeneralSecurityException none) {
            return false;
        }
    }

    /** Has no certificate, and remembers that it was asked for one. */
    private static final class Asked extends X509ExtendedKeyManager {
        private volatile boolean isSo;

        @Override
        public String chooseClientAlias(String[] keyType, Principal[] issuers, Socket socket) {
            isSo = true;
            return null;
        }

        @Override
        public String chooseEngineClientAlias(String[] keyType, Principal[] issuers, SSLEngine engine) {
            return chooseClientAlias(keyType, issuers, null);
        }

        @Override
        public String[] getClientAliases(String keyType, Principal[] issuers) {
            return null;
        }

        @Override
        public String[] getServerAliases(String keyType, Principal[] issuers) {
            return null;
        }

        @Override
        public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
            return null;
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return null;
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return null;
        }
    }

    private static final class Anybody extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
