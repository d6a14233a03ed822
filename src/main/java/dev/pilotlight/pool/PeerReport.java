package dev.pilotlight.pool;

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
 * @param readyFor how long it has been ready
 * @param flippedAgo how long ago its role last changed between active and standby; empty when it never did
 * @param inflow what comes to it; empty until it has counted that
 */
public record PeerReport(
        Instant at,
        boolean ready,
        OptionalDouble load,
        Duration readyFor,
        Optional<Duration> flippedAgo,
        Optional<Inflow> inflow) {

    /** Reads the answer of {@code /api/v1/peer}; empty when it is something else. */
    static Optional<PeerReport> of(String body, Instant now) {
        try {
            JsonObject answer = new JsonObject(body);
            Double load = answer.getDouble("load");
            return Optional.of(new PeerReport(
                    now,
                    answer.getBoolean("ready", false),
                    load == null ? OptionalDouble.empty() : OptionalDouble.of(load),
                    seconds(answer.getDouble("readySeconds", 0.0)),
                    Optional.ofNullable(answer.getDouble("flippedSecondsAgo")).map(PeerReport::seconds),
                    Optional.ofNullable(answer.getJsonObject("inflow")).flatMap(PeerReport::inflow)));
        } catch (DecodeException | ClassCastException other) {
            return Optional.empty();
        }
    }

    /** Beyond this a number is no count and no time: somebody else answers, and what he says must not be reckoned with. */
    private static final double MOST = 1e11;

    /** Of a sidecar of another version, what it does not say is not guessed. */
    private static Optional<Inflow> inflow(JsonObject said) {
        Double at = said.getDouble("atSeconds");
        Double requests = said.getDouble("requests");
        Double perSecond = said.getDouble("perSecond");
        Double each = said.getDouble("secondsEach");
        Double stay = said.getDouble("staySeconds");
        return Stream.of(at, requests, perSecond, each, stay).anyMatch(it -> it == null || !(it >= 0 && it <= MOST))
                ? Optional.empty()
                : Optional.of(new Inflow(Instant.EPOCH.plus(seconds(at)), requests, perSecond, each, stay));
    }

    private static Duration seconds(double seconds) {
        return Duration.ofMillis(Math.round(seconds * 1000));
    }
}
