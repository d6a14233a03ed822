package dev.pilotlight.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Makes certificates with the JDK's keytool: self-signed ones, and such as an authority of ours has signed. */
public final class Certificates {
    private static final char[] PASSWORD = "changeit".toCharArray();

    /** Those that signed themselves, by what they say: a keytool is a JVM of its own each time. */
    private static final Map<List<String>, byte[]> MADE = new ConcurrentHashMap<>();

    private final Path folder;

    public Certificates(Path folder) {
        this.folder = folder;
    }

    /** A certificate with its key: {@code name.pem} and {@code name.key} beside each other. */
    public record Pair(Path store, Path certificate, Path key) {
        /** What a server needs to show it, and to ask for one that {@code clients} signed. */
        public SSLContext server(Optional<Pair> clients) throws IOException, GeneralSecurityException {
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(load(store), PASSWORD);
            TrustManagerFactory trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            KeyStore authorities = KeyStore.getInstance("PKCS12");
            authorities.load(null, PASSWORD);
            if (clients.isPresent()) {
                authorities.setCertificateEntry(
                        "clients", load(clients.get().store).getCertificate("it"));
            }
            trusted.init(authorities);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), clients.isPresent() ? trusted.getTrustManagers() : null, null);
            return context;
        }
    }

    /** Signed by itself, and valid for a year. */
    public Pair selfSigned(String name) throws IOException, GeneralSecurityException, InterruptedException {
        return selfSigned(name, "ip:127.0.0.1", "-0d");
    }

    /**
     * @param san whom it names
     * @param began as keytool takes it: {@code -500d} for one that has expired, since it is valid for a year
     */
    public Pair selfSigned(String name, String san, String began)
            throws IOException, GeneralSecurityException, InterruptedException {
        Path store = folder.resolve(name + ".p12");
        byte[] made = MADE.get(List.of(name, san, began));
        if (made != null) {
            Files.write(store, made);
            return written(name, store);
        }
        keytool(
                store,
                "-genkeypair",
                "-keyalg",
                "EC",
                "-dname",
                "CN=" + name,
                "-ext",
                "san=" + san,
                "-ext",
                "bc=ca:true",
                "-startdate",
                began,
                "-validity",
                "365");
        MADE.put(List.of(name, san, began), Files.readAllBytes(store));
        return written(name, store);
    }

    /** Signed by an authority. */
    public Pair signed(String name, Pair authority, String began)
            throws IOException, GeneralSecurityException, InterruptedException {
        Path store = folder.resolve(name + ".p12");
        Path request = folder.resolve(name + ".csr");
        Path answer = folder.resolve(name + ".answer");
        keytool(store, "-genkeypair", "-keyalg", "EC", "-dname", "CN=" + name);
        keytool(store, "-certreq", "-file", request);
        keytool(
                authority.store(),
                "-gencert",
                "-rfc",
                "-infile",
                request,
                "-outfile",
                answer,
                "-ext",
                "san=ip:127.0.0.1",
                "-startdate",
                began,
                "-validity",
                "365");
        Path whole = folder.resolve(name + ".chain");
        Files.writeString(whole, Files.readString(answer) + Files.readString(authority.certificate()));
        keytool(store, "-importcert", "-noprompt", "-trustcacerts", "-file", whole);
        return written(name, store);
    }

    private Pair written(String name, Path store) throws IOException, GeneralSecurityException {
        Pair pair = new Pair(store, folder.resolve(name + ".pem"), folder.resolve(name + ".key"));
        KeyStore keys = load(store);
        Files.writeString(
                pair.certificate(), pem("CERTIFICATE", keys.getCertificate("it").getEncoded()));
        Files.writeString(
                pair.key(), pem("PRIVATE KEY", keys.getKey("it", PASSWORD).getEncoded()));
        return pair;
    }

    private static KeyStore load(Path store) throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD);
        }
        return keys;
    }

    private static String pem(String what, byte[] der) {
        return "-----BEGIN " + what + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + what + "-----\n";
    }

    private static void keytool(Path store, Object... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        command.addAll(List.of(
                "-J-XX:TieredStopAtLevel=1",
                "-J-XX:+UseSerialGC",
                "-keystore",
                store.toString(),
                "-alias",
                "it",
                "-storepass",
                "changeit"));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException("keytool: " + said);
        }
    }
}
