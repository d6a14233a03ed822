package dev.pilotlight.drain;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;

/** Who may order a drain: nobody whom the API server or a secret does not vouch for. */
public sealed interface DrainRight {
    /** @param by who is vouched for, for people */
    record Granted(String by) implements DrainRight {}

    /** Let the API server say whether this pod is being deleted. */
    record AskApiServer() implements DrainRight {}

    record Denied(String why) implements DrainRight {}

    /**
     * @param token the one that is configured
     * @param shown the one that the caller showed
     * @param inCluster whether the own pod is known
     * @param loopback whether the caller sits in this very pod
     */
    static DrainRight of(Optional<String> token, Optional<String> shown, boolean inCluster, boolean loopback) {
        if (token.isPresent() && shown.filter(it -> same(it, token.get())).isPresent()) {
            return new Granted("the drain token");
        }
        if (inCluster) {
            return new AskApiServer();
        }
        if (token.isPresent()) {
            return new Denied("show the token of pilotlight.drain.token-file as \"Authorization: Bearer ...\"");
        }
        return loopback
                ? new Granted("a caller on this host")
                : new Denied(
                        "with neither a cluster nor pilotlight.drain.token-file only a caller on this host may order a drain");
    }

    /** In a time that does not tell how much of it was right. */
    private static boolean same(String shown, String token) {
        return MessageDigest.isEqual(shown.getBytes(StandardCharsets.UTF_8), token.getBytes(StandardCharsets.UTF_8));
    }
}
