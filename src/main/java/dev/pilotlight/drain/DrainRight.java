package dev.pilotlight.drain;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * Who may order a drain: the pod's own hook, which the loopback address and a header tell from all else; whoever shows the token; and
 * anybody while the API server says that the pod is being deleted.
 */
public sealed interface DrainRight {
    String HEADER = "Pilotlight-Drain";
    String HEADER_VALUE = "pre-stop";
    String FIX = "send POST with the header " + HEADER + ": " + HEADER_VALUE;

    /** @param by who is vouched for, for people */
    record Granted(String by) implements DrainRight {}

    /** Let the API server say whether this pod is being deleted. */
    record AskApiServer() implements DrainRight {}

    record Denied(Refusal refusal, String why) implements DrainRight {}

    /**
     * @param token the one that is configured
     * @param inCluster whether the own pod is known
     */
    static DrainRight of(Caller caller, Optional<String> token, boolean inCluster) {
        boolean isPost = caller.method().equals("POST");
        if (isPost
                && token.isPresent()
                && caller.token().filter(it -> same(it, token.get())).isPresent()) {
            return new Granted("the drain token");
        }
        boolean hasHeader = caller.header().filter(HEADER_VALUE::equals).isPresent();
        // A hook of the kubelet's kind httpGet can send a header, and no POST.
        boolean isHttpHook = caller.method().equals("GET") && hasHeader && inCluster;
        return denied(caller, isPost || isHttpHook, hasHeader).orElseGet(() -> {
            if (isPost && caller.inThisPod()) {
                return new Granted("the preStop hook");
            }
            return inCluster
                    ? new AskApiServer()
                    : new Denied(
                            Refusal.STRANGER,
                            "the caller is not in this pod; outside a cluster show the token of pilotlight.drain.token-file as"
                                    + " \"Authorization: Bearer ...\"");
        });
    }

    private static Optional<DrainRight> denied(Caller caller, boolean isMethod, boolean hasHeader) {
        if (!isMethod) {
            return denied(Refusal.METHOD, printable(caller.method()) + " changes nothing here; " + FIX);
        }
        if (caller.browser()) {
            return denied(Refusal.BROWSER, "the call comes from a page in a browser");
        }
        if (caller.forwarded()) {
            return denied(
                    Refusal.FORWARDED,
                    "the call came through a proxy, which speaks for somebody elsewhere; exclude port 9110 from the service mesh");
        }
        if (!caller.ownHost()) {
            return denied(
                    Refusal.HOST,
                    "the Host header, or the authority of the URL, names no address of this pod; call 127.0.0.1 or the pod's address");
        }
        return hasHeader ? Optional.empty() : denied(Refusal.HEADER, "the header is missing; " + FIX);
    }

    private static Optional<DrainRight> denied(Refusal refusal, String why) {
        return Optional.of(new Denied(refusal, why));
    }

    /** As it may stand in a log. */
    private static String printable(String method) {
        return method.matches("[A-Z]{1,20}") ? method : "this method";
    }

    /** In a time that does not tell how much of it was right. */
    private static boolean same(String shown, String token) {
        return MessageDigest.isEqual(shown.getBytes(StandardCharsets.UTF_8), token.getBytes(StandardCharsets.UTF_8));
    }
}
