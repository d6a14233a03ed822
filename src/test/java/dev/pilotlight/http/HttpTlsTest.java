package dev.pilotlight.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import dev.pilotlight.http.Certificates.Pair;
import dev.pilotlight.http.Http.Answer;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that accepts a connection is there, whatever comes of the handshake: what went wrong is said, with the fix. */
class HttpTlsTest {
    private static final Duration AMPLE = Duration.ofSeconds(20);

    private static Vertx vertx;

    @TempDir
    private Path folder;

    private Certificates certificates;
    private Optional<HttpServer> server = Optional.empty();

    @BeforeAll
    static void openVertx() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void closeVertx() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @BeforeEach
    void findAFolder() {
        certificates = new Certificates(folder);
    }

    @AfterEach
    void stop() {
        server.ifPresent(running -> running.stop(0));
    }

    private static InetSocketAddress port(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private URI started(HttpServer made, String scheme) {
        made.createContext("/", exchange -> {
            byte[] body = "well".getBytes(java.nio.charset.StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        // One connection that waits must not hold up the next.
        made.setExecutor(java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor());
        made.start();
        server = Optional.of(made);
        return URI.create(scheme + "://127.0.0.1:" + made.getAddress().getPort());
    }

    private URI https(Pair shown, Optional<Pair> clients, int port) throws Exception {
        HttpsServer https = HttpsServer.create(port(port), 0);
        SSLContext context = shown.server(clients);
        https.setHttpsConfigurator(new HttpsConfigurator(context) {
            @Override
            public void configure(HttpsParameters parameters) {
                SSLParameters wanted = context.getDefaultSSLParameters();
                wanted.setNeedClientAuth(clients.isPresent());
                parameters.setSSLParameters(wanted);
            }
        });
        return started(https, "https");
    }

    private static TlsFiles.Named named(Optional<Path> ca, Optional<Pair> own) {
        return new TlsFiles.Named("pilotlight.engine", ca, own.map(Pair::certificate), own.map(Pair::key));
    }

    private static Http http(URI url, TlsFiles.Named files) {
        return new Http(
                vertx,
                () -> url,
                new Http.Security("pilotlight.engine", new TlsFiles(files), true, Http.Headers.NONE),
                1);
    }

    private static Answer get(Http http) {
        return http.get("/health", AMPLE, (bytes, offset, length) -> true);
    }

    private static void isWell(Answer answer) {
        assertThat(answer).isInstanceOfSatisfying(Answer.Got.class, got -> assertThat(got.status())
                .isEqualTo(200));
    }

    private static String tls(Answer answer) {
        assertThat(answer).isInstanceOf(Answer.Lost.class);
        Answer.Lost lost = (Answer.Lost) answer;
        assertThat(lost.cause()).as(lost.why()).isEqualTo(Cause.TLS);
        return lost.why();
    }

    @Nested
    class AFailedHandshake {
        @Test
        void ofAnUnknownAuthorityNamesTheSettingForIt() throws Exception {
            URI url = https(certificates.selfSigned("server"), Optional.empty(), 0);
            assertThat(tls(get(http(url, named(Optional.empty(), Optional.empty())))))
                    .contains("signed by nobody known here", "pilotlight.engine.ca-file");
        }

        @Test
        void ofAnExpiredCertificateSaysSo() throws Exception {
            Pair authority = certificates.selfSigned("authority");
            URI url = https(certificates.signed("server", authority, "-500d"), Optional.empty(), 0);
            assertThat(tls(get(http(url, named(Optional.of(authority.certificate()), Optional.empty())))))
                    .contains("has expired", "renew it");
        }

        @Test
        void ofACertificateOfTomorrowSaysSo() throws Exception {
            Pair authority = certificates.selfSigned("authority");
            URI url = https(certificates.signed("server", authority, "+2d"), Optional.empty(), 0);
            assertThat(tls(get(http(url, named(Optional.of(authority.certificate()), Optional.empty())))))
                    .contains("is not valid yet");
        }

        @Test
        void ofAnotherHostsCertificateNamesTheSettingForIt() throws Exception {
            Pair elsewhere = certificates.selfSigned("server", "dns:elsewhere.example", "-0d");
            URI url = https(elsewhere, Optional.empty(), 0);
            assertThat(tls(get(http(url, named(Optional.of(elsewhere.certificate()), Optional.empty())))))
                    .contains("does not name this host", "pilotlight.engine.verify-host=false");
        }

        @Test
        void withAServerThatWantsACertificateNamesTheSettingForIt() throws Exception {
            Pair own = certificates.selfSigned("server");
            URI url = https(own, Optional.of(certificates.selfSigned("clients")), 0);
            assertThat(tls(get(http(url, named(Optional.of(own.certificate()), Optional.empty())))))
                    .contains("pilotlight.engine.client-cert-file");
        }

        @Test
        void withAServerThatDoesNotTakeOurCertificateSaysSo() throws Exception {
            Pair own = certificates.selfSigned("server");
            URI url = https(own, Optional.of(certificates.selfSigned("clients")), 0);
            Pair other = certificates.selfSigned("other");
            assertThat(tls(get(http(url, named(Optional.of(own.certificate()), Optional.of(other))))))
                    .contains("does not take our certificate");
        }

        @Test
        void withAServerThatWantsACertificateAndOnlyClosesNamesTheSettingForIt() throws Exception {
            Pair own = certificates.selfSigned("server");
            try (ServerSocket curt = curt(own, true)) {
                URI url = URI.create("https://127.0.0.1:" + curt.getLocalPort());
                assertThat(tls(get(http(url, named(Optional.of(own.certificate()), Optional.empty())))))
                        .contains("wants a certificate of its clients", "pilotlight.engine.client-cert-file");
                assertThat(tls(get(http(url, named(Optional.of(own.certificate()), Optional.of(own))))))
                        .contains("does not take our certificate");
            }
        }

        @Test
        void isNoneWhereAServerThatAsksForNothingOnlyCloses() throws Exception {
            Pair own = certificates.selfSigned("server");
            try (ServerSocket curt = curt(own, false)) {
                URI url = URI.create("https://127.0.0.1:" + curt.getLocalPort());
                assertThat(get(http(url, named(Optional.of(own.certificate()), Optional.empty()))))
                        .isInstanceOfSatisfying(Answer.Lost.class, lost -> assertThat(lost.cause())
                                .isEqualTo(Cause.BROKEN));
            }
        }

        /** As asyncio's server, and so vLLM's: it closes without an alert, after the handshake. */
        private ServerSocket curt(Pair shown, boolean asks) throws Exception {
            ServerSocket listening = new ServerSocket();
            listening.bind(port(0));
            SSLContext context = shown.server(Optional.empty());
            Thread.ofVirtual().start(() -> {
                while (!listening.isClosed()) {
                    try (Socket plain = listening.accept()) {
                        SSLSocket socket =
                                (SSLSocket) context.getSocketFactory().createSocket(plain, null, false);
                        socket.setUseClientMode(false);
                        socket.setWantClientAuth(asks);
                        socket.startHandshake();
                    } catch (IOException gone) {
                        // The next one.
                    }
                }
            });
            return listening;
        }

        @Test
        void withAServerOfPlainHttpSaysWhichSchemeIsRight() throws Exception {
            URI url = started(HttpServer.create(port(0), 0), "https");
            // The JDK's server waits for a line's end that never comes; others answer 400 at once.
            Http http = http(url, named(Optional.empty(), Optional.empty()));
            assertThat(tls(http.get("/health", Duration.ofSeconds(1), (bytes, offset, length) -> true)))
                    .contains("write http://");
        }

        @Test
        void isFoundWhereTheUrlSaysPlainHttp() throws Exception {
            URI url = https(certificates.selfSigned("server"), Optional.empty(), 0);
            URI plain = URI.create(url.toString().replace("https", "http"));
            assertThat(tls(get(http(plain, TlsFiles.Named.NONE)))).contains("write https://");
        }
    }

    @Test
    void aServerThatSaysNothingOfTlsIsOnlyBroken() throws Exception {
        try (ServerSocket rude = new ServerSocket()) {
            rude.bind(port(0));
            Thread.ofVirtual().start(() -> {
                while (true) {
                    try {
                        rude.accept().close();
                    } catch (IOException closed) {
                        return;
                    }
                }
            });
            URI url = URI.create("http://127.0.0.1:" + rude.getLocalPort());
            assertThat(get(http(url, TlsFiles.Named.NONE)))
                    .isInstanceOfSatisfying(
                            Answer.Lost.class, lost -> assertThat(lost.cause()).isEqualTo(Cause.BROKEN));
        }
    }

    @Test
    void showsItsOwnCertificateToAServerThatWantsOne() throws Exception {
        Pair own = certificates.selfSigned("server");
        Pair client = certificates.selfSigned("client");
        URI url = https(own, Optional.of(client), 0);
        isWell(get(http(url, named(Optional.of(own.certificate()), Optional.of(client)))));
    }

    @Nested
    class ARotation {
        @Test
        void ofTheAuthorityCountsFromTheNextConnection() throws Exception {
            Pair first = certificates.selfSigned("first");
            Pair second = certificates.selfSigned("second");
            Path ca = folder.resolve("ca.pem");
            Files.copy(first.certificate(), ca);
            URI url = https(first, Optional.empty(), 0);
            Http http = http(url, named(Optional.of(ca), Optional.empty()));
            isWell(get(http));
            stop();
            https(second, Optional.empty(), url.getPort());
            assertThat(tls(get(http))).contains("signed by nobody known here");
            replace(ca, second.certificate());
            isWell(get(http));
        }

        @Test
        void ofOurOwnCertificateCountsFromTheNextConnection() throws Exception {
            Pair own = certificates.selfSigned("server");
            Pair first = certificates.selfSigned("first");
            Pair second = certificates.selfSigned("second");
            Path shown = folder.resolve("tls.crt");
            Path key = folder.resolve("tls.key");
            Files.copy(first.certificate(), shown);
            Files.copy(first.key(), key);
            URI url = https(own, Optional.of(first), 0);
            Http http = http(url, named(Optional.of(own.certificate()), Optional.of(new Pair(shown, shown, key))));
            isWell(get(http));
            stop();
            https(own, Optional.of(second), url.getPort());
            assertThat(tls(get(http))).contains("does not take our certificate");
            replace(shown, second.certificate());
            // The key is still the old one: until both are there, the old pair stays in force.
            assertThat(tls(get(http))).contains("does not take our certificate");
            replace(key, second.key());
            isWell(get(http));
        }

        @Test
        void toAFileThatIsNoneLeavesTheLastGoodOneInForce() throws Exception {
            Pair own = certificates.selfSigned("server");
            Path ca = folder.resolve("ca.pem");
            Files.copy(own.certificate(), ca);
            URI url = https(own, Optional.empty(), 0);
            Http http = http(url, named(Optional.of(ca), Optional.empty()));
            isWell(get(http));
            stop();
            Files.writeString(ca, "none of that");
            https(own, Optional.empty(), url.getPort());
            isWell(get(http));
            Files.delete(ca);
            isWell(get(http));
        }

        /** As a mounted secret is replaced: another file under the same name, at once. */
        private static void replace(Path file, Path by) throws IOException {
            Path next = file.resolveSibling(file.getFileName() + ".next");
            Files.copy(by, next);
            Files.move(next, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
        }
    }

    @Nested
    class FilesAtTheStart {
        @Test
        void areGoodWhereTheyBelongTogether() throws Exception {
            Pair own = certificates.selfSigned("own");
            assertThat(TlsFiles.problems(named(Optional.of(own.certificate()), Optional.of(own))))
                    .isEmpty();
        }

        @Test
        void areRefusedWhereTheyAreNoPem() throws Exception {
            Path ca = Files.writeString(folder.resolve("ca.pem"), "{}");
            assertThat(TlsFiles.problems(named(Optional.of(ca), Optional.empty())))
                    .singleElement()
                    .asString()
                    .startsWith("pilotlight.engine.ca-file=" + ca)
                    .contains("BEGIN CERTIFICATE");
        }

        @Test
        void areRefusedWhereTheKeyIsAnothers() throws Exception {
            Pair own = certificates.selfSigned("own");
            Pair other = certificates.selfSigned("other");
            assertThat(TlsFiles.problems(named(
                            Optional.empty(), Optional.of(new Pair(own.store(), own.certificate(), other.key())))))
                    .singleElement()
                    .asString()
                    .startsWith("pilotlight.engine.client-key-file=" + other.key())
                    .contains("is not the key of the certificate");
        }

        @Test
        void areRefusedWhereTheKeyIsNone() throws Exception {
            Pair own = certificates.selfSigned("own");
            assertThat(TlsFiles.problems(named(
                            Optional.empty(),
                            Optional.of(new Pair(own.store(), own.certificate(), own.certificate())))))
                    .singleElement()
                    .asString()
                    .startsWith("pilotlight.engine.client-key-file=")
                    .contains("BEGIN PRIVATE KEY");
        }

        @Test
        void areRefusedWhereOneIsMissing() {
            Path nowhere = folder.resolve("nowhere.pem");
            assertThat(TlsFiles.problems(named(Optional.of(nowhere), Optional.empty())))
                    .containsExactly("pilotlight.engine.ca-file=" + nowhere + ": there is no such file");
            assertThat(TlsFiles.problems(new TlsFiles.Named(
                            "pilotlight.engine", Optional.empty(), Optional.of(nowhere), Optional.empty())))
                    .anySatisfy(problem -> assertThat(problem).contains("go together"));
        }
    }
}
