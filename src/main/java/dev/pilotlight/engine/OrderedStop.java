package dev.pilotlight.engine;

import java.util.Locale;
import java.util.Optional;

/** Why a server answers 503 to everything though nothing in it is broken, as its answer says. */
public enum OrderedStop {
    /** Elastic expert parallelism, 55 s and more. Source: vLLM's entrypoints/serve/elastic_ep/middleware.py. */
    RESCALING("currently scaling"),
    /** A rank failed, and the server waits to be told what to do. Source: vLLM's entrypoints/serve/fault_tolerance/middleware.py. */
    FAULTED("faulted state"),
    PAUSED("is paused"),
    ASLEEP("is sleeping"),
    DRAINING("draining");

    private final String phrase;

    OrderedStop(String phrase) {
        this.phrase = phrase;
    }

    /** The word for people: the engine is .... */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Optional<OrderedStop> in(int status, String body) {
        if (status != 503) {
            return Optional.empty();
        }
        String said = body.toLowerCase(Locale.ROOT);
        for (OrderedStop each : values()) {
            if (said.contains(each.phrase)) {
                return Optional.of(each);
            }
        }
        return Optional.empty();
    }
}
