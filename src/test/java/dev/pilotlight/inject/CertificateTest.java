package dev.pilotlight.inject;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.inject.Certificate.Found;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the webhook shows of pairs as openssl and cert-manager write them, valid for two days. */
class CertificateTest {
    @TempDir
    private static Path folder;

    private static Vertx vertx;

    private final Instant now = Instant.now();

    @BeforeAll
    static void certify() {
        vertx = Vertx.vertx();
        Injector.certify(folder.resolve("first"), "first");
        Injector.certify(folder.resolve("second"), "second");
    }

    @AfterAll
    static void stop() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private static Found read(String certificate, String key) {
        return new KeyFiles(
                        vertx,
                        folder.resolve(certificate).resolve("tls.crt"),
                        folder.resolve(key).resolve("tls.key"))
                .read();
    }

    private Certificate first() {
        return Certificate.NONE.look(read("first", "first"), now);
    }

    @Test
    void showsAPairWhoseKeyIsThatOfTheCertificate() {
        assertThat(first().isGood(now)).isTrue();
        assertThat(first().line(now)).startsWith("the webhook shows CN=first, valid until ");
    }

    @Test
    void saysThatTheKeyIsAnothers() {
        Certificate wrong = Certificate.NONE.look(read("first", "second"), now);
        assertThat(wrong.isGood(now)).isFalse();
        assertThat(wrong.line(now))
                .isEqualTo(
                        "the webhook cannot be trusted: the key is not that of the certificate; renew the secret, see"
                                + " docs/injection.md");
    }

    @Test
    void saysThatItHasExpiredOrIsNotYetValid() {
        Instant late = now.plus(Duration.ofDays(3));
        assertThat(first().isGood(late)).isFalse();
        assertThat(first().look(read("first", "first"), late).line(late))
                .startsWith("the webhook cannot be trusted: it has expired on ");
        Instant early = now.minus(Duration.ofDays(1));
        assertThat(Certificate.NONE.look(read("first", "first"), early).line(early))
                .startsWith("the webhook cannot be trusted: it is not valid before ");
    }

    @Test
    void saysWhatIsMissingOrGarbledAndQuotesNoKey() throws IOException {
        assertThat(Certificate.NONE.look(read("nowhere", "first"), now).line(now))
                .startsWith("the webhook cannot be trusted: there is no file " + folder.resolve("nowhere"));
        Path garbled = Files.createDirectories(folder.resolve("garbled"));
        for (String text : List.of("", "secret", "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n")) {
            Files.writeString(garbled.resolve("tls.key"), text);
            assertThat(read("first", "garbled"))
                    .isInstanceOfSatisfying(
                            Found.Wrong.class, wrong -> assertThat(wrong.why()).doesNotContain("secret"));
        }
    }

    @Test
    void keepsAPairThatIsGoodWhereTheRenewedOneIsNotAndSaysSoOnceItStays() {
        Certificate torn = first().look(read("second", "first"), now);
        assertThat(torn.isGood(now)).isTrue();
        assertThat(torn.said()).as("as seen in the middle of a change").isFalse();
        Certificate stays = torn.look(read("second", "first"), now);
        assertThat(stays.said()).isTrue();
        assertThat(stays.line(now))
                .startsWith("the webhook shows CN=first, valid until ")
                .contains("; the renewed one cannot be used: the key is not that of the certificate");
        Certificate corrected = stays.look(read("second", "second"), now);
        assertThat(corrected.line(now)).startsWith("the webhook shows CN=second");
        assertThat(corrected.said()).isFalse();
    }

    @Test
    void readsKeysInOlderFormsToo() {
        Path rsa = folder.resolve("rsa");
        Injector.openssl(rsa, "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=rsa -keyout new.key -out tls.crt");
        Injector.openssl(rsa, "rsa -traditional -in new.key -out tls.key");
        Path ec = folder.resolve("ec");
        Injector.certify(ec, "ec");
        Injector.openssl(ec, "ec -in tls.key -out old.key");
        Instant later = Instant.now().plusSeconds(5);
        assertThat(Certificate.NONE.look(read("rsa", "rsa"), later).line(later)).startsWith("the webhook shows CN=rsa");
        assertThat(new KeyFiles(vertx, ec.resolve("tls.crt"), ec.resolve("old.key")).read())
                .isInstanceOfSatisfying(
                        Found.Pair.class,
                        it -> assertThat(it.pair().trouble(later)).isEmpty());
    }
}
