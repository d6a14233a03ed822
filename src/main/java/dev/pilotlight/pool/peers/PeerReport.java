package dev.pilotlight.pool.peers;

import dev.pilotlight.range.Range;
import dev.pilotlight.signal.Inflow;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * What a sidecar says of its pod to the leader of its pool: written by the one and read by the other. Times are ages, so that no two
 * clocks are compared.
 *
 * @param at when the leader read it; not part of what is said
 * @param ready whether the pod may take traffic
 * @param role its word, for people
 * @param load unless it is not known
 * @param coldStart how long its last start took; empty where nobody watched that
 * @param readyFor how long it has been ready
 * @param flippedAgo how long ago its role last changed between active and standby; empty when it never did
 * @param inflow what comes to it; empty until it has counted that
 */
public record PeerReport(
        Instant at,
        boolean ready,
        Optional<String> role,
        OptionalDouble load,
        Optional<Duration> coldStart,
        Duration readyFor,
        Optional<Duration> flippedAgo,
        Optional<Inflow> inflow) {
    public static final String PATH = "/api/v1/peer";

    /** Without a role and a forecast, as a sidecar says it that has neither. */
    public PeerReport(
            Instant at,
            boolean ready,
            OptionalDouble load,
            Duration readyFor,
            Optional<Duration> flippedAgo,
            Optional<Inflow> inflow) {
        this(at, ready, Optional.empty(), load, Optional.empty(), readyFor, flippedAgo, inflow);
    }

    /** The answer of {@link #PATH}, in the order that people read. Of the inflow differences are taken: it is not rounded. */
    public Map<String, Object> written() {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("ready", ready);
        role.ifPresent(word -> answer.put("role", word));
        load.ifPresent(it -> answer.put("load", rounded(it)));
        coldStart.ifPresent(it -> answer.put("coldStartSeconds", it.toMillis() / 1e3));
        inflow.ifPresent(it -> {
            Map<String, Object> said = new LinkedHashMap<>();
            said.put("atSeconds", it.at().toEpochMilli() / 1e3);
            said.put("requests", it.requests());
            said.put("perSecond", it.perSecond());
            said.put("secondsEach", it.secondsEach());
            said.put("staySeconds", it.staySeconds());
            answer.put("inflow", said);
        });
        if (ready) {
            answer.put("readySeconds", readyFor.toMillis() / 1e3);
        }
        flippedAgo.ifPresent(it -> answer.put("flippedSecondsAgo", it.toMillis() / 1e3));
        return answer;
    }

    /** Six digits after the point: more is noise. */
    private static double rounded(double value) {
        return Math.abs(value) < 1e12 ? Math.round(value * 1e6) / 1e6 : value;
    }

    /** Reads the answer of {@link #PATH}; empty when it is something else. */
    public static Optional<PeerReport> of(String body, Instant now) {
        try {
            JsonObject answer = new JsonObject(body);
            return Optional.of(new PeerReport(
                    now,
                    Boolean.TRUE.equals(answer.getBoolean("ready")),
                    Stream.of("active", "standby")
                            .filter(it -> it.equals(answer.getValue("role")))
                            .findFirst(),
                    number(Range.LOAD, answer, "load"),
                    number(Range.SECONDS, answer, "coldStartSeconds").stream()
                            .mapToObj(PeerReport::seconds)
                            .findFirst(),
                    seconds(number(Range.SECONDS, answer, "readySeconds").orElse(0)),
                    number(Range.SECONDS, answer, "flippedSecondsAgo").stream()
                            .mapToObj(PeerReport::seconds)
                            .findFirst(),
                    Optional.ofNullable(answer.getJsonObject("inflow")).flatMap(PeerReport::inflow)));
        } catch (DecodeException | ClassCastException other) {
            return Optional.empty();
        }
    }

    /** Of a sidecar of another version, what it does not say is not guessed; nor is what cannot be. */
    private static Optional<Inflow> inflow(JsonObject said) {
        OptionalDouble at = Range.UNIX_SECONDS.number(said.getValue("atSeconds"));
        OptionalDouble requests = Range.COUNT.number(said.getValue("requests"));
        OptionalDouble perSecond = Range.REQUESTS.number(said.getValue("perSecond"));
        OptionalDouble each = Range.SECONDS.number(said.getValue("secondsEach"));
        OptionalDouble stay = Range.SECONDS.number(said.getValue("staySeconds"));
        return Stream.of(at, requests, perSecond, each, stay).anyMatch(OptionalDouble::isEmpty)
                ? Optional.empty()
                : Optional.of(new Inflow(
                        Instant.EPOCH.plus(seconds(at.getAsDouble())),
                        requests.getAsDouble(),
                        perSecond.getAsDouble(),
                        each.getAsDouble(),
                        stay.getAsDouble()));
    }

    /** What cannot be is not said; what is no number at all, somebody else says. */
    private static OptionalDouble number(Range range, JsonObject answer, String key) {
        Double said = answer.getDouble(key);
        return said == null ? OptionalDouble.empty() : range.of(said);
    }

    private static Duration seconds(double seconds) {
        return Duration.ofMillis(Math.round(seconds * 1000));
    }
}
