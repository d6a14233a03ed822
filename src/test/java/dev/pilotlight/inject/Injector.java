package dev.pilotlight.inject;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Child;
import dev.pilotlight.process.Image;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.Web;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** The packaged sidecar as webhook, with a heap of 64 MB and a certificate of its own, as a child process. */
public final class Injector implements AutoCloseable {
    private static final Duration START = Duration.ofMinutes(3);

    private final Path folder;
    private final Child child;
    private final int plain;
    private final int tls;

    private Injector(Path folder, Child child, int plain, int tls) {
        this.folder = folder;
        this.child = child;
        this.plain = plain;
        this.tls = tls;
    }

    public static Injector start(String name) {
        Path folder = folder(name);
        certify(folder, "first");
        Injector injector = begin(name);
        Await.until("the injector is ready", START, () -> injector.ready().status() == 200);
        return injector;
    }

    /** With the certificate that lies in its folder, or without. */
    static Injector begin(String name) {
        Path folder = folder(name);
        int plain = PackagedSidecar.freePort();
        int tls = PackagedSidecar.freePort();
        List<String> command = Image.command(List.of(
                "-Dpilotlight.injector.enabled=true",
                "-Dpilotlight.injector.image=registry.example.com/pilotlight:1",
                "-Dquarkus.http.host=127.0.0.1",
                "-Dquarkus.http.port=" + plain,
                "-Dpilotlight.injector.listen=" + tls,
                "-Dpilotlight.injector.certificate-file=" + folder.resolve("tls.crt"),
                "-Dpilotlight.injector.key-file=" + folder.resolve("tls.key")));
        Injector injector =
                new Injector(folder, new Child(command, Map.of(), folder.resolve("log"), false), plain, tls);
        Await.until("the injector answers", START, () -> {
            if (!injector.child.isAlive()) {
                throw new Await.Hopeless("the injector ended while it started; " + injector.child.lastOfLog());
            }
            return Web.get(injector.plain("/q/health/started")).status() == 200;
        });
        return injector;
    }

    /** Puts a new certificate for 127.0.0.1 in the place of the old one, as the kubelet renews a secret's files. */
    static void certify(Path folder, String name) {
        openssl(
                folder,
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" + name
                        + " -addext subjectAltName=IP:127.0.0.1 -keyout new.key -out new.crt");
        try {
            for (String kind : List.of("key", "crt")) {
                Files.move(
                        folder.resolve("new." + kind),
                        folder.resolve("tls." + kind),
                        StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    static void openssl(Path folder, String arguments) {
        assumeTrue(
                Stream.of(System.getenv("PATH").split(":"))
                        .anyMatch(path -> Files.isExecutable(Path.of(path, "openssl"))),
                "there is no openssl: install it to see the webhook speak TLS");
        try {
            Files.createDirectories(folder);
            Process openssl = new ProcessBuilder(Stream.concat(Stream.of("openssl"), Stream.of(arguments.split(" ")))
                            .toList())
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .start();
            String said = new String(openssl.getInputStream().readAllBytes());
            if (openssl.waitFor() != 0) {
                throw new AssertionError("openssl: " + said);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(stop);
        }
    }

    static Path folder(String name) {
        return Path.of("target/it", name + "-injector").toAbsolutePath();
    }

    Web.Answer ready() throws IOException, InterruptedException {
        return Web.get(plain("/q/health/ready"));
    }

    void renew(String name) {
        certify(folder, name);
    }

    public Path certificate() {
        return folder.resolve("tls.crt");
    }

    public Child child() {
        return child;
    }

    public URI plain(String path) {
        return URI.create("http://127.0.0.1:" + plain + path);
    }

    public URI secure(String path) {
        return URI.create("https://127.0.0.1:" + tls + path);
    }

    /** A client that trusts the certificate as it is now. */
    public HttpClient client() {
        return client(HttpClient.Version.HTTP_2);
    }

    HttpClient client(HttpClient.Version version) {
        try (InputStream pem = Files.newInputStream(certificate())) {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            trusted.setCertificateEntry(
                    "injector", CertificateFactory.getInstance("X.509").generateCertificate(pem));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return HttpClient.newBuilder()
                    .sslContext(context)
                    .version(version)
                    .connectTimeout(Duration.ofMinutes(2))
                    .build();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (GeneralSecurityException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** A client that trusts any certificate, so that it is not in its way when that changes. */
    HttpClient trusting(HttpClient.Version version) {
        return HttpClient.newBuilder()
                .sslContext(trustingAnybody())
                .version(version)
                .connectTimeout(Duration.ofSeconds(30))
                .build();
    }

    static SSLContext trustingAnybody() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new Anybody()}, null);
            return context;
        } catch (GeneralSecurityException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** A connection through with its handshake. */
    SSLSocket connected() throws IOException {
        SSLSocket socket = (SSLSocket) trustingAnybody().getSocketFactory().createSocket("127.0.0.1", tls);
        socket.setSoTimeout((int) Duration.ofMinutes(2).toMillis());
        socket.startHandshake();
        return socket;
    }

    /** Sends the review, or no more than so many bytes of it. */
    void ask(SSLSocket socket, byte[] review, int bytes) throws IOException {
        socket.getOutputStream()
                .write(("POST /api/v1/inject HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                                + "Content-Length: " + review.length + "\r\n\r\n")
                        .getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().write(review, 0, bytes);
        socket.getOutputStream().flush();
    }

    /** A review on a connection of its own, with a whole handshake, and no client around it: the status. */
    String alone(SSLContext context, byte[] review) {
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", tls)) {
            socket.setSoTimeout((int) Duration.ofSeconds(30).toMillis());
            socket.startHandshake();
            // The next one begins again.
            socket.getSession().invalidate();
            OutputStream out = socket.getOutputStream();
            out.write(("POST /api/v1/inject HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                            + "Connection: close\r\nContent-Length: " + review.length + "\r\n\r\n")
                    .getBytes(StandardCharsets.ISO_8859_1));
            out.write(review);
            out.flush();
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            return answer.startsWith("HTTP/1.1 200 ") && answer.contains("\"response\"")
                    ? "200"
                    : "no answer but " + answer;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static final class Anybody extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    public HttpRequest request(byte[] body) {
        return HttpRequest.newBuilder(secure("/api/v1/inject"))
                .header("Content-Type", "application/json")
                .timeout(Duration.ofMinutes(2))
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
    }

    HttpResponse<String> post(HttpClient client, byte[] body) throws IOException, InterruptedException {
        return client.send(request(body), HttpResponse.BodyHandlers.ofString());
    }

    JsonObject review(HttpClient client, JsonObject pod) throws IOException, InterruptedException {
        HttpResponse<String> answer = post(client, Corpus.review(pod).encode().getBytes());
        if (answer.statusCode() != 200) {
            throw new AssertionError(answer.statusCode() + ": " + answer.body());
        }
        return new JsonObject(answer.body());
    }

    @Override
    public void close() {
        child.close();
    }
}
