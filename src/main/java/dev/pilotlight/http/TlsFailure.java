package dev.pilotlight.http;

import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.SSLException;

/** What is wrong when two sides do not agree on TLS, and which setting or file is the fix. */
final class TlsFailure {
    private TlsFailure() {}

    /**
     * One sentence where the failure is one of TLS.
     *
     * @param at host and port
     */
    static Optional<String> why(Throwable failure, String at, Http.Security security) {
        boolean isTls = false;
        int depth = 0;
        for (Throwable each = failure; each != null && depth < 20; each = each.getCause(), depth++) {
            // Netty's own kinds are named here, since a part of them is no SSLException.
            isTls |= each instanceof SSLException || each.getClass().getName().startsWith("io.netty.handler.ssl.");
            if (each instanceof CertificateExpiredException) {
                return Optional.of("the certificate of " + at + " has expired (" + quoted(each)
                        + "): renew it and have the server read it; if it was renewed already, restart the server");
            }
            if (each instanceof CertificateNotYetValidException) {
                return Optional.of("the certificate of " + at + " is not valid yet (" + quoted(each)
                        + "): one of the two clocks is wrong");
            }
        }
        String text = Causes.words(failure);
        return isTls
                ? Optional.of(
                        meaning(text, at, security.settings(), security.files().showsACertificate()))
                : Optional.empty();
    }

    static String plain(String at) {
        return at + " does not speak TLS: write http:// instead of https:// in its URL";
    }

    private static String meaning(String text, String at, String settings, boolean showsACertificate) {
        String lower = text.toLowerCase(Locale.ROOT);
        if (lower.contains("not an ssl/tls record") || lower.contains("unrecognized ssl message")) {
            return plain(at);
        }
        if (lower.contains("unable to find valid certification path")
                || lower.contains("path does not chain")
                || lower.contains("path building failed")
                || lower.contains("path validation failed")) {
            return "the certificate of " + at + " is signed by nobody known here"
                    + (settings.isEmpty()
                            ? "; the authorities of the system are trusted"
                            : ": put the certificate of its authority into " + settings + ".ca-file");
        }
        if (lower.contains("no name matching") || lower.contains("subject alternative")) {
            return "the certificate of " + at + " does not name this host"
                    + (settings.isEmpty()
                            ? ""
                            : ": call the server by a name that it has, or set " + settings + ".verify-host=false");
        }
        if (lower.contains("alert")) {
            return showsACertificate
                    ? notTaken(at, text, settings)
                    : at + " ends the handshake (" + Excerpt.of(text, 160)
                            + "); it may want a certificate of its clients" + theFix(settings);
        }
        return "no TLS with " + at + ": " + Excerpt.of(text, 200);
    }

    /** It asked for a certificate, and closes the connection instead of an answer. */
    static String closed(String at, Http.Security security) {
        String text = "it asks for one and closes the connection";
        return security.files().showsACertificate()
                ? notTaken(at, text, security.settings())
                : at + " wants a certificate of its clients (" + text + ")" + theFix(security.settings());
    }

    private static String notTaken(String at, String text, String settings) {
        return at + " does not take our certificate (" + Excerpt.of(text, 160) + "): see " + settings
                + ".client-cert-file, and which authority the server trusts for its clients";
    }

    private static String theFix(String settings) {
        return settings.isEmpty() ? "" : ": set " + settings + ".client-cert-file and " + settings + ".client-key-file";
    }

    private static String quoted(Throwable failure) {
        return Excerpt.of(Causes.words(failure), 100);
    }
}
