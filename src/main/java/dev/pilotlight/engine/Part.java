package dev.pilotlight.engine;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineReading.NotYet;
import dev.pilotlight.engine.EngineReading.Unreachable;
import dev.pilotlight.engine.EngineReading.Unreadable;
import dev.pilotlight.http.Cause;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * One of several servers of a pod, as it was read last.
 *
 * @param address host and port
 * @param latest the newest reading
 * @param numbers the newest that held any
 * @param latencies the newest histograms: the servers are not asked for them at the same polls
 * @param heardAt when it last answered anything
 */
public record Part(
        String address,
        EngineReading latest,
        Optional<Answered> numbers,
        Latencies latencies,
        Optional<Instant> heardAt) {
    public static Part begin(String address, Instant at) {
        return new Part(address, new NotYet(at), Optional.empty(), Latencies.NONE, Optional.empty());
    }

    public Part advance(EngineReading reading) {
        return switch (reading) {
            case Answered answered ->
                new Part(
                        address,
                        reading,
                        Optional.of(answered),
                        answered.snapshot().latencies().isEmpty()
                                ? latencies
                                : answered.snapshot().latencies(),
                        Optional.of(reading.at()));
            case Unreadable _ -> new Part(address, reading, numbers, latencies, Optional.of(reading.at()));
            case NotYet _, Unreachable _ -> new Part(address, reading, numbers, latencies, heardAt);
        };
    }

    boolean isRefused() {
        return latest instanceof Unreachable unreachable && unreachable.cause() == Cause.REFUSED;
    }

    boolean isUnreachable() {
        return latest instanceof Unreachable || latest instanceof NotYet;
    }

    Optional<HealthAnswer> health() {
        return switch (latest) {
            case Answered answered -> Optional.of(answered.health());
            case Unreadable unreadable -> Optional.of(unreadable.health());
            case NotYet _, Unreachable _ -> Optional.empty();
        };
    }

    /** Of a server that answers, or did so lately. */
    Optional<Model> model(Duration patience) {
        return switch (latest) {
            case Answered answered -> answered.model();
            case Unreadable unreadable -> unreadable.model();
            case NotYet _, Unreachable _ ->
                trouble(patience).isEmpty() ? numbers.flatMap(Answered::model) : Optional.empty();
        };
    }

    /** Why requests to it would fail, with its address; empty while they would not. A poll or two without an answer are none. */
    Optional<String> trouble(Duration patience) {
        return switch (latest) {
            case NotYet _ -> Optional.of(address + " was not asked yet");
            case Unreachable unreachable
            when unreachable.cause() == Cause.TIMED_OUT || unreachable.cause() == Cause.BROKEN ->
                heardAt.filter(at -> Duration.between(at, unreachable.at()).compareTo(patience) < 0)
                        .map(_ -> Optional.<String>empty())
                        .orElse(Optional.of(address + ": " + unreachable.why()));
            case Unreachable unreachable -> Optional.of(address + ": " + unreachable.why());
            case Answered _, Unreadable _ ->
                health().flatMap(it -> it instanceof HealthAnswer.Unhealthy(int status, String said)
                        ? Optional.of(address + ": GET /health answers " + status + (said.isBlank() ? "" : ": " + said))
                        : Optional.empty());
        };
    }

    /** Why it shows no numbers; empty where it does. */
    Optional<String> blindness() {
        return latest instanceof Unreadable unreadable
                ? Optional.of(address + ": " + unreadable.why())
                : numbers.isEmpty()
                        ? Optional.of(trouble(Duration.ZERO).orElse(address + " has shown no metrics page yet"))
                        : Optional.empty();
    }
}
