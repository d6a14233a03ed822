package dev.pilotlight.http;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.SSLOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.X509KeyManager;
import org.jboss.logging.Logger;

/**
 * The files by which a client knows its server and shows who it is itself. They are looked at before every request, so that a renewed
 * certificate counts from the next connection on. Files that cannot be used leave the last good ones in force, and that is said once.
 *
 * <p>Used by one thread at a time.
 */
public final class TlsFiles {
    private static final Logger LOG = Logger.getLogger("pilotlight");
    /** Kinds of key, as a key manager is asked for them. */
    private static final List<String> KEY_TYPES = List.of("RSA", "EC", "EdDSA", "RSASSA-PSS");

    private final Optional<Part> authorities;
    private final Optional<Part> certificate;
    private final Optional<Part> key;
    /** Whether there is content that was not checked yet. */
    private boolean isDue;
    /** What is wrong with the content that was checked last, empty when nothing is. */
    private String wrong = "";
    /** What was said last. */
    private String said = "";

    public TlsFiles(Named named) {
        this.authorities = named.authorities().map(path -> new Part(named.prefix() + ".ca-file", path));
        this.certificate = named.certificate().map(path -> new Part(named.prefix() + ".client-cert-file", path));
        this.key = named.key().map(path -> new Part(named.prefix() + ".client-key-file", path));
    }

    /**
     * The files as the settings name them.
     *
     * @param prefix of the settings: {@code pilotlight.engine}
     * @param authorities PEM, to trust instead of the system's
     * @param certificate PEM, our own with its chain
     * @param key PEM, that of the certificate
     */
    public record Named(String prefix, Optional<Path> authorities, Optional<Path> certificate, Optional<Path> key) {
        public static final Named NONE = new Named("", Optional.empty(), Optional.empty(), Optional.empty());
    }

    /** One of the files, and the setting that names it. */
    private static final class Part {
        private final String setting;
        private final Path path;
        private final WatchedFile file;

        Part(String setting, Path path) {
            this.setting = setting;
            this.path = path;
            this.file = new WatchedFile(path);
        }

        String problem(String what) {
            return setting + "=" + path + ": " + what;
        }

        Buffer content() {
            return Buffer.buffer(file.content());
        }
    }

    /** What is wrong with the files as they are now: each with its setting, its name and the fix. */
    public static List<String> problems(Named named) {
        TlsFiles now = new TlsFiles(named);
        List<String> problems = new ArrayList<>();
        if (named.certificate().isPresent() != named.key().isPresent()) {
            problems.add(named.prefix() + ".client-cert-file and " + named.prefix()
                    + ".client-key-file go together: give both, the certificate and the key that belongs to it");
        }
        now.look(problems);
        if (problems.isEmpty()) {
            now.check(problems);
        }
        return List.copyOf(problems);
    }

    boolean areSet() {
        return authorities.isPresent() || certificate.isPresent();
    }

    boolean showsACertificate() {
        return certificate.isPresent();
    }

    /** The options for new connections, where the files are good and others than at the last call. */
    Optional<SSLOptions> changed() {
        List<String> problems = new ArrayList<>();
        isDue |= look(problems);
        Optional<SSLOptions> options = Optional.empty();
        if (problems.isEmpty() && isDue) {
            isDue = false;
            check(problems);
            wrong = String.join("; ", problems);
            options = problems.isEmpty() ? Optional.of(options()) : Optional.empty();
        }
        say(problems.isEmpty() ? wrong : String.join("; ", problems));
        return options;
    }

    private void say(String now) {
        if (now.equals(said)) {
            return;
        }
        if (now.isEmpty()) {
            LOG.info("the TLS files can be used again");
        } else {
            LOG.warnf("%s; what was read before stays in force", now);
        }
        said = now;
    }

    private SSLOptions options() {
        SSLOptions options = new SSLOptions();
        authorities.ifPresent(part -> options.setTrustOptions(new PemTrustOptions().addCertValue(part.content())));
        pair().ifPresent(options::setKeyCertOptions);
        return options;
    }

    private Optional<PemKeyCertOptions> pair() {
        return certificate.flatMap(shown -> key.map(
                secret -> new PemKeyCertOptions().addCertValue(shown.content()).addKeyValue(secret.content())));
    }

    private List<Part> parts() {
        List<Part> parts = new ArrayList<>();
        authorities.ifPresent(parts::add);
        certificate.ifPresent(parts::add);
        key.ifPresent(parts::add);
        return parts;
    }

    /** Reads what was replaced; whether anything was. */
    private boolean look(List<String> problems) {
        boolean isNew = false;
        for (Part part : parts()) {
            try {
                isNew |= part.file.look();
            } catch (IOException unreadable) {
                problems.add(part.problem(WatchedFile.why(unreadable)));
            }
        }
        return isNew;
    }

    private void check(List<String> problems) {
        authorities.ifPresent(part -> certificates(part, problems));
        if (certificate.isPresent() && key.isPresent() && certificates(certificate.get(), problems)) {
            fits(certificate.get(), key.get(), problems);
        }
    }

    private static boolean certificates(Part part, List<String> problems) {
        try {
            if (CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(part.file.content()))
                    .isEmpty()) {
                problems.add(part.problem("there is no certificate in it; give a PEM file with BEGIN CERTIFICATE"));
                return false;
            }
            return true;
        } catch (CertificateException notPem) {
            problems.add(part.problem("it is no PEM file of certificates (" + Excerpt.of(notPem.getMessage(), 100)
                    + "); give one with BEGIN CERTIFICATE"));
            return false;
        }
    }

    private void fits(Part shown, Part secret, List<String> problems) {
        try {
            X509KeyManager keys = (X509KeyManager)
                    pair().orElseThrow().getKeyManagerFactory(null).getKeyManagers()[0];
            for (String type : KEY_TYPES) {
                String[] aliases = keys.getClientAliases(type, null);
                if (aliases != null && aliases.length > 0) {
                    if (!belong(
                            keys.getCertificateChain(aliases[0])[0].getPublicKey(), keys.getPrivateKey(aliases[0]))) {
                        problems.add(secret.problem("it is not the key of the certificate in " + shown.setting + "="
                                + shown.path + "; give the two that were made together"));
                    }
                    return;
                }
            }
            problems.add(secret.problem("it is not the key of the certificate in " + shown.setting + "=" + shown.path
                    + ", or of a kind that is not known"));
        } catch (Exception unusable) {
            // Its message may hold a part of the key.
            problems.add(secret.problem("it is no PEM file with a private key that is not encrypted;"
                    + " give one with BEGIN PRIVATE KEY"));
        }
    }

    /** Whether what the one signs is confirmed by the other. */
    private static boolean belong(PublicKey shown, PrivateKey secret) throws GeneralSecurityException {
        String algorithm =
                switch (secret.getAlgorithm()) {
                    case "EC" -> "SHA256withECDSA";
                    case "RSA" -> "SHA256withRSA";
                    case String other -> other;
                };
        if (!shown.getAlgorithm().equals(secret.getAlgorithm())) {
            return false;
        }
        byte[] anything = {1, 2, 3};
        Signature signs = Signature.getInstance(algorithm);
        signs.initSign(secret);
        signs.update(anything);
        byte[] signature = signs.sign();
        Signature confirms = Signature.getInstance(algorithm);
        confirms.initVerify(shown);
        confirms.update(anything);
        return confirms.verify(signature);
    }
}
