package dev.pilotlight.lifecycle;

import java.util.Locale;

/**
 * Everything that is held against an engine or said of it: what follows, what shows it, after how long, and where the fact comes from.
 * {@link Judgement} has the formulas. In order of weight; docs/probes.md has the same table.
 */
public enum Condition {
    DEAD(
            Effect.KILLS,
            "`/health` was well and says 500 or a bare 503; the metrics page is read, and stands, by nobody's order; our requests get 500",
            "`dead-after`, 10 s",
            "vLLM's `instrumentator/health.py`"),
    STUCK(
            Effect.KILLS,
            "nothing moves on a rank (of several addresses: at each) for a whole step, and two of our requests or more got no answer",
            "`longest-step`, 5 min",
            "`VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS`, 300 s, is vLLM's own limit of a step"),
    BROKEN(Effect.KILLS, "as `errors`, where `on-errors` is `fail`", "as `errors`", "as `errors`"),
    START_TOO_LONG(
            Effect.KILLS,
            "nothing listens: connections are refused",
            "`start-deadline`: 30 min, or thrice the longest load seen",
            "our own choice"),
    GPU(Effect.KILLS, "a GPU of this pod is lost, wants a reset, or had a fatal XID", "at once", "[gpu.md](gpu.md)"),

    UNHEALTHY(Effect.UNREADIES, "`/health` answers 5xx in any way but on request", "the first answer", "as `dead`"),
    TLS_FAILED(
            Effect.UNREADIES,
            "the engine listens, and the handshake fails: a certificate expired, unknown, or wanted of us",
            "the first answer; of a ready pod `stale-after`",
            "vllm#13495, kserve#6106, llm-d-router#2045"),
    NAME_UNKNOWN(
            Effect.UNREADIES,
            "the host of the engine's URL is not resolved",
            "the first answer; of a ready pod `stale-after`",
            "our own choice"),
    SILENT(Effect.UNREADIES, "no poll got an answer", "`stale-after`, 10 s", "our own choice"),
    SUSPENDED(
            Effect.UNREADIES,
            "the engine is asleep or paused, falls asleep or wakes, updates its weights, or answers 503 on request: rescaling, faulted",
            "the next poll; paused: 10 s",
            "vLLM's `elastic_ep/middleware.py`, `fault_tolerance/middleware.py`, `vllm:rl_weight_update_operations_in_flight`"),
    /** A process that is gone never comes back. */
    SEVERAL_SERVERS(
            Effect.UNREADIES,
            "servers answer by turns: one that was replaced is back, or three follow each other with no refusal between",
            "its return; for 30 s after the last",
            "a URL that leads to a Service or a load balancer"),
    PARTLY_DOWN(
            Effect.UNREADIES,
            "of several engine addresses one is refused, silent, unreadable, or ill by its `/health`, and not all are",
            "the next poll; silent: `stale-after`",
            "vllm#40814, router#302"),
    NO_MODEL(
            Effect.UNREADIES,
            "the engine answers and lists no model, or is no vLLM: neither metrics page, nor models, nor an endpoint for requests",
            "60 s",
            "our own choice"),
    ERRORS(
            Effect.UNREADIES,
            "three requests for a token in a row were answered 5xx, and nobody else gets a token",
            "`heartbeat-every` + 20 s, 80 s",
            "vllm#36960, kserve#6259"),
    STARVED(
            Effect.UNREADIES,
            "requests wait, and no token came and no request finished",
            "`longest-step`; 2 × `stuck-after` where none runs",
            "vllm-metal#479"),
    UNRESPONSIVE(
            Effect.UNREADIES,
            "nothing moves on a rank, and a request for a token got no answer",
            "`stuck-after` + `canary-timeout`, 90 s",
            "a kernel that is compiled takes minutes: aws-do-eks#59"),
    WARM_UP_GAVE_UP(Effect.UNREADIES, "no warm-up request was answered", "`warm-up.budget`, 3 min", "our own choice"),

    PAGE_UNREADABLE(
            Effect.SAID,
            "the engine answers, and its metrics page cannot be read or counts nothing",
            "`stale-after`, 10 s",
            "`--disable-log-stats`"),
    /** One API server of several that share a port, one port of several. */
    PARTLY_SEEN(
            Effect.SAID,
            "the pod's arguments start several servers, and not all have an address that is read",
            "at once",
            "`--data-parallel-multi-port-external-lb`, `--api-server-count`: vllm#40814, router#302"),
    REJECTING(
            Effect.SAID,
            "the engine turned requests away in the last minute",
            "the next poll",
            "`vllm:admission_rejections_total`"),
    KEY_REFUSED(Effect.SAID, "our request for a token was answered 401 or 403", "the answer", "`--api-key`"),
    TURNED_AWAY(
            Effect.SAID,
            "our request for a token was turned away as one too many",
            "the answer",
            "`--max-num-queued-reqs`: vLLM's `exceptions.py`"),
    PROBE_UNSUPPORTED(
            Effect.SAID, "our request for a token was answered another 4xx", "the answer", "production-stack#469");

    /** What follows from it. */
    public enum Effect {
        /** The engine's liveness is DOWN: the kubelet restarts the container. */
        KILLS("not ready, liveness DOWN"),
        /** The pod takes no traffic. */
        UNREADIES("not ready"),
        /** Nothing but that it is said. */
        SAID("only said");

        private final String words;

        Effect(String words) {
            this.words = words;
        }

        /** For the documentation. */
        public String words() {
            return words;
        }

        /** For labels, metrics and people. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Effect effect;
    private final String evidence;
    private final String after;
    private final String source;

    Condition(Effect effect, String evidence, String after, String source) {
        this.effect = effect;
        this.evidence = evidence;
        this.after = after;
        this.source = source;
    }

    public Effect effect() {
        return effect;
    }

    /** What shows it, for the documentation. */
    public String evidence() {
        return evidence;
    }

    /** How long that must last, for the documentation. */
    public String after() {
        return after;
    }

    /** Where the fact comes from, for the documentation. */
    public String source() {
        return source;
    }

    public boolean kills() {
        return effect == Effect.KILLS;
    }

    /** The word for labels, metrics and people. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
