package dev.pilotlight.pool.peers;

import dev.pilotlight.range.Range;
import dev.pilotlight.signal.Inflow;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * What a sidecar says of its pod to the leader of its pool. Times are ages, so that no two clocks are compared.
 *
 * @param at when the leader read it
 * @param ready whether the pod may take traffic
 * @param load unless it is not known
 * @param ahead the load to expect one cold start from now; empty where the pod has no opinion
 * @param readyFor how long it has been ready
 * @param flippedAgo how long ago its role last changed between active and standby; empty when it never did
 * @param inflow what comes to it; empty until it has counted that
 */
public record PeerReport(
        Instant at,
        boolean ready,
        OptionalDouble load,
        OptionalDouble ahead,
        Duration readyFor,
        Optional<Duration> flippedAgo,
        Optional<Inflow> inflow) {

    public PeerReport(
            Instant at,
            boolean ready,
            OptionalDouble load,
            Duration readyFor,
            Optional<Duration> flippedAgo,
            Optional<Inflow> inflow) {
        this(at, ready, load, OptionalDouble.empty(), readyFor, flippedAgo, inflow);
    }

    /** Reads the answer of {@code /api/v1/peer}; empty when it is something else. */
    public static Optional<PeerReport> of(String body, Instant now) {
        try {
            JsonObject answer = new JsonObject(body);
            return Optional.of(new PeerReport(
                    now,
                    Boolean.TRUE.equals(answer.getBoolean("ready")),
                    number(Range.LOAD, answer, "load"),
                    number(Range.LOAD, answer, "forecast"),
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
