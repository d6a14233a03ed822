package dev.pilotlight.inject;

import dev.pilotlight.inject.Certificate.Found;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.X509KeyManager;

/** The two files of a TLS secret. Vert.x knows the forms that a key is written in: PKCS #8, PKCS #1 and SEC 1. */
final class KeyFiles {
    private final Vertx vertx;
    private final Path certificate;
    private final Path key;

    KeyFiles(Vertx vertx, Path certificate, Path key) {
        this.vertx = vertx;
        this.certificate = certificate;
        this.key = key;
    }

    Found read() {
        try {
            PemKeyCertOptions pem = new PemKeyCertOptions()
                    .addCertValue(Buffer.buffer(Files.readAllBytes(certificate)))
                    .addKeyValue(Buffer.buffer(Files.readAllBytes(key)));
            X509KeyManager manager =
                    (X509KeyManager) pem.getKeyManagerFactory(vertx).getKeyManagers()[0];
            for (String type : List.of("EC", "RSA", "EdDSA", "Ed25519")) {
                String[] aliases = manager.getServerAliases(type, null);
                if (aliases != null && aliases.length > 0) {
                    X509Certificate[] chain = manager.getCertificateChain(aliases[0]);
                    PrivateKey secret = manager.getPrivateKey(aliases[0]);
                    return new Found.Pair(new KeyPair(List.of(chain), secret));
                }
            }
            return new Found.Wrong("there is no certificate with an EC or RSA key in " + certificate);
        } catch (NoSuchFileException missing) {
            return new Found.Wrong("there is no file " + missing.getFile());
        } catch (IOException unreadable) {
            return new Found.Wrong("it cannot be read: " + unreadable);
        } catch (Exception garbled) {
            // Vert.x says so by exceptions of any kind. Their text may quote the key, so it is not said.
            return new Found.Wrong("there is no certificate in " + certificate + " with its key in " + key + " ("
                    + garbled.getClass().getSimpleName() + ")");
        }
    }
}
