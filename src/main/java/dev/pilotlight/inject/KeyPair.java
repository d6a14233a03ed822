package dev.pilotlight.inject;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A certificate, those above it, and its key.
 *
 * @param chain the own one first
 */
record KeyPair(List<X509Certificate> chain, PrivateKey key) {
    KeyPair {
        chain = List.copyOf(chain);
    }

    X509Certificate certificate() {
        return chain.getFirst();
    }

    Instant until() {
        return certificate().getNotAfter().toInstant();
    }

    /** Why nobody would trust it; empty where somebody may. */
    Optional<String> trouble(Instant now) {
        if (!isOfKey()) {
            return Optional.of("the key is not that of the certificate");
        }
        if (!now.isBefore(until())) {
            return Optional.of("it has expired on " + until());
        }
        Instant from = certificate().getNotBefore().toInstant();
        return now.isBefore(from) ? Optional.of("it is not valid before " + from) : Optional.empty();
    }

    /** By a signature of the one that the other checks. */
    private boolean isOfKey() {
        try {
            String algorithm = signature();
            byte[] text = {1, 2, 3};
            Signature sign = Signature.getInstance(algorithm);
            sign.initSign(key);
            sign.update(text);
            Signature check = Signature.getInstance(algorithm);
            check.initVerify(certificate().getPublicKey());
            check.update(text);
            return check.verify(sign.sign());
        } catch (GeneralSecurityException other) {
            return false;
        }
    }

    private String signature() {
        return switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> key.getAlgorithm();
        };
    }
}
