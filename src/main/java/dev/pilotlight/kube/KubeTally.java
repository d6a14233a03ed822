package dev.pilotlight.kube;

import java.util.Map;
import java.util.TreeMap;

/** Calls to the API server counted by verb and outcome: what {@code pilotlight_kube_requests_total} shows. */
public record KubeTally(Map<Key, Long> counts) {
    public static final KubeTally EMPTY = new KubeTally(Map.of());

    /** @param outcome see {@link #outcome} */
    public record Key(String verb, String outcome) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            int byVerb = verb.compareTo(other.verb);
            return byVerb != 0 ? byVerb : outcome.compareTo(other.outcome);
        }
    }

    KubeTally add(Call call, ApiServer.Answer answer) {
        Map<Key, Long> after = new TreeMap<>(counts);
        after.merge(new Key(call.verb().word(), outcome(answer)), 1L, Long::sum);
        return new KubeTally(after);
    }

    static String outcome(ApiServer.Answer answer) {
        return switch (answer) {
            case ApiServer.Answer.Lost _ -> "lost";
            case ApiServer.Answer.Strange _ -> "error";
            case ApiServer.Answer.Got got ->
                switch (got.status()) {
                    case 401, 403 -> "denied";
                    case 404 -> "missing";
                    case 409 -> "conflict";
                    case 410 -> "expired";
                    case 429 -> "throttled";
                    default -> got.status() / 100 == 2 ? "ok" : "error";
                };
        };
    }
}
