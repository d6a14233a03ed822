package dev.pilotlight.lifecycle;

import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineReading.NotYet;
import dev.pilotlight.engine.EngineReading.Unreachable;
import dev.pilotlight.engine.EngineReading.Unreadable;
import dev.pilotlight.engine.HealthAnswer;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.http.Cause;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The verdicts: evidence in, condition and sentence out, a row for each. No sight is no evidence: a request that got no answer counts
 * only where {@link Progress} saw that the engine stood still meanwhile, or answered nothing at all.
 */
public final class Judgement {
    private static final int ERRORS_IN_A_ROW = 3;
    /** vLLM opens its port when all is loaded, and lists its models from then on. */
    private static final Duration MODELS_TAKE = Duration.ofSeconds(60);

    private static final Duration REJECTIONS_STAND = Duration.ofSeconds(60);
    private static final Map<Condition, Function<Evidence, Optional<String>>> TABLE = new EnumMap<>(Condition.class);

    static {
        TABLE.put(Condition.DEAD, it -> it.engine()
                .deadSince()
                .filter(_ -> it.alternation().isEmpty())
                // One that waits its turn is at a long step, and somebody else says 503 in the engine's place.
                // What was answered before may have been somebody else's word, too.
                .filter(since -> it.progress().ranks().values().stream().anyMatch(pulse -> fails(pulse, since)))
                .filter(since -> it.isOver(it.aliveAt(since), it.policy().deadAfter()))
                .map(since -> "GET /health answers 5xx since " + since
                        + said(it.engine().latest())
                        + "; the engine core is dead: nothing moves, and requests are answered 500, too"));
        TABLE.put(
                Condition.STUCK,
                it -> it.everywhere(
                        (label, pulse) -> pulse.lost() >= 2
                                && it.progress().sight().isFresh(it.now())
                                && it.isOver(
                                        it.stoodSince(label, pulse), it.policy().step()),
                        pulse -> "stuck: " + stands(pulse)));
        TABLE.put(Condition.BROKEN, it -> it.everywhere((_, pulse) -> answersErrors(pulse), _ -> "")
                .filter(_ -> it.policy().killsOnErrors())
                .flatMap(_ -> errors(it)));
        TABLE.put(Condition.UNHEALTHY, it -> it.engine()
                .unhealthySince()
                .map(since -> "GET /health answers 5xx since " + since
                        + said(it.engine().latest())));
        TABLE.put(Condition.TLS_FAILED, it -> unreachable(it, Cause.TLS));
        TABLE.put(Condition.NAME_UNKNOWN, it -> unreachable(it, Cause.NAME));
        TABLE.put(
                Condition.SILENT,
                it -> it.engine().latest() instanceof Unreachable unreachable
                                && (unreachable.cause() == Cause.TIMED_OUT || unreachable.cause() == Cause.BROKEN)
                                && it.engine().refusedSince().isEmpty()
                        ? it.engine()
                                .answeredAt()
                                .filter(at -> it.isOver(at, it.staleAfter()))
                                .map(at -> "no poll got an answer since " + at + ": " + unreachable.why())
                        : Optional.empty());
        TABLE.put(Condition.SEVERAL_SERVERS, Evidence::alternation);
        TABLE.put(Condition.PARTLY_DOWN, it -> partlyDown(it.engine().latest()));
        TABLE.put(Condition.NO_MODEL, Judgement::withoutModel);
        TABLE.put(Condition.ERRORS, Judgement::errors);
        TABLE.put(
                Condition.STARVED,
                it -> it.rank(
                        (label, pulse) -> it.waits(label)
                                && pulse.signs().countsTokens()
                                && it.isOver(
                                        pulse.tokenAt(),
                                        it.runs(label)
                                                ? it.policy().step()
                                                : it.policy().stuckAfter().multipliedBy(2)),
                        pulse -> "not getting anywhere: requests wait, and no token came since " + pulse.tokenAt()));
        TABLE.put(
                Condition.UNRESPONSIVE,
                it -> it.rank(
                        (_, pulse) -> pulse.lost() >= 1,
                        pulse -> "stuck or at a long step: " + stands(pulse)
                                + "; a kernel that is compiled looks the same, so it is asked again"));
        TABLE.put(Condition.PAGE_UNREADABLE, Judgement::blindness);
        TABLE.put(Condition.PARTLY_SEEN, Judgement::partly);
        TABLE.put(Condition.REJECTING, it -> it.rejections()
                .lastAt()
                .filter(at -> !it.isOver(at, REJECTIONS_STAND))
                .map(at -> "the engine rejects requests on arrival, the last at " + at
                        + " (vllm:admission_rejections_total): they are in no queue, and count as load"));
        TABLE.put(Condition.KEY_REFUSED, it -> refused(it, Refusal.KEY)
                .map(why -> "whether the engine hangs while idle cannot be told: " + why));
        TABLE.put(Condition.TURNED_AWAY, it -> refused(it, Refusal.BUSY)
                .map(why -> "whether the engine hangs cannot be told by a request while it turns them away: " + why));
        TABLE.put(Condition.PROBE_UNSUPPORTED, it -> refused(it, Refusal.UNSUPPORTED)
                .map(why -> "whether the engine hangs while idle cannot be told: " + why
                        + (why.contains("; set ")
                                ? ""
                                : "; set pilotlight.warm-up.requests to a request that it serves")));
    }

    private Judgement() {}

    /** Every condition that the evidence shows, in order of weight. */
    public static Map<Condition, String> of(Evidence evidence) {
        Map<Condition, String> found = new EnumMap<>(Condition.class);
        for (Map.Entry<Condition, Function<Evidence, Optional<String>>> row : TABLE.entrySet()) {
            Optional<String> why = row.getValue().apply(evidence);
            if (why.isPresent()) {
                found.put(row.getKey(), why.get());
            }
        }
        return found;
    }

    private static Optional<String> partlyDown(EngineReading latest) {
        return switch (latest) {
            case Answered(var _, var _, HealthAnswer.Partly(String why), var _, var _, var _, var _, var _) ->
                Optional.of(why);
            case Unreadable(var _, HealthAnswer.Partly(String why), var _, var _, var _) -> Optional.of(why);
            case Answered _, Unreadable _, NotYet _, Unreachable _ -> Optional.empty();
        };
    }

    private static String said(EngineReading latest) {
        return switch (latest) {
            case Answered(var _, var _, HealthAnswer.Unhealthy health, var _, var _, var _, var _, var _) ->
                quoted(health);
            case Unreadable(var _, HealthAnswer.Unhealthy health, var _, var _, var _) -> quoted(health);
            case Answered _, Unreadable _, NotYet _, Unreachable _ -> "";
        };
    }

    private static String quoted(HealthAnswer.Unhealthy health) {
        return ", the last " + health.status() + (health.said().isBlank() ? "" : ": " + health.said());
    }

    /**
     * Why nothing that is in flight will end: what kills, or two requests in a row without an answer beside an engine that has stood for
     * twice the time after which it is asked.
     */
    public static Optional<String> hopeless(
            Map<Condition, String> found, Progress progress, LivenessPolicy policy, Instant now) {
        boolean stands = !progress.ranks().isEmpty()
                && progress.ranks().values().stream()
                        .allMatch(pulse -> pulse.lost() >= 2
                                && Duration.between(pulse.movedAt(), now)
                                                .compareTo(policy.stuckAfter().multipliedBy(2))
                                        >= 0);
        return Optional.ofNullable(found.get(Condition.DEAD))
                .or(() -> Optional.ofNullable(found.get(Condition.STUCK)))
                .or(() -> Optional.ofNullable(found.get(Condition.UNRESPONSIVE)).filter(_ -> stands));
    }

    private static Optional<String> partly(Evidence it) {
        return it.ranks().flatMap(ranks -> {
            long read = it.engine().good().stream()
                    .flatMap(numbers -> numbers.snapshot().ranks().stream())
                    .map(Rank::address)
                    .distinct()
                    .count();
            if (ranks.ownPorts() && read > 0 && read < ranks.local().orElse(read > 1 ? 1 : 2)) {
                return Optional.of("each data-parallel rank of this pod has a port of its own"
                        + " (--data-parallel-multi-port-external-lb), and " + read
                        + " of them is read: the load, the drain and a hang of the others are not seen; name them all in"
                        + " pilotlight.engine.urls, or leave pilotlight.engine.url away");
            }
            return ranks.apiServers().orElse(1) > 1
                    ? Optional.of(
                            ranks.apiServers().getAsInt() + " API servers share the port (--api-server-count): one that"
                                    + " hangs is seen only by the requests that happen to reach it")
                    : Optional.empty();
        });
    }

    private static String stands(Pulse pulse) {
        return "nothing moved since " + pulse.movedAt() + ", and " + pulse.lost()
                + (pulse.lost() == 1 ? " request for one token" : " requests for one token in a row")
                + " got no answer"
                + pulse.lostSince().map(at -> ", the first sent at " + at).orElse("");
    }

    private static Optional<String> errors(Evidence it) {
        return it.rank(
                (_, pulse) -> answersErrors(pulse),
                pulse -> "answering nothing but errors: "
                        + pulse.refused().orElseThrow().inARow()
                        + " requests for one token in a row, the last: "
                        + pulse.refused().orElseThrow().why());
    }

    private static boolean fails(Pulse pulse, Instant since) {
        return pulse.refused()
                .filter(it -> it.refusal() == Refusal.ERROR
                        && it.sentAt().filter(sent -> !sent.isBefore(since)).isPresent())
                .isPresent();
    }

    private static boolean answersErrors(Pulse pulse) {
        return pulse.refused()
                .filter(refused -> refused.refusal().isError() && refused.inARow() >= ERRORS_IN_A_ROW)
                .isPresent();
    }

    private static Optional<String> unreachable(Evidence it, Cause cause) {
        return it.engine().latest() instanceof Unreachable unreachable && unreachable.cause() == cause
                ? Optional.of(unreachable.why())
                : Optional.empty();
    }

    private static Optional<String> withoutModel(Evidence it) {
        String why =
                switch (it.engine().latest()) {
                    case Answered answered
                    when answered.health() instanceof HealthAnswer.Healthy
                            && answered.model().isEmpty() -> answered.modelsWhy();
                    case Unreadable unreadable
                    when unreadable.health() instanceof HealthAnswer.Healthy
                            && unreadable.model().isEmpty() -> unreadable.why();
                    case Unreadable unreadable
                    when unreadable.health() instanceof HealthAnswer.Unhealthy(int status, String _)
                            && status < 500
                            && unreadable.model().isEmpty() -> unreadable.why();
                    case Answered _, Unreadable _, NotYet _, Unreachable _ -> "";
                };
        return it.engine()
                .firstSeen()
                .filter(since -> !why.isEmpty() && it.isOver(since, MODELS_TAKE))
                .map(since -> "answering since " + since + ", and no model is known: " + why
                        + "; see pilotlight.engine.url, or set pilotlight.warm-up.on-failure=proceed");
    }

    private static Optional<String> refused(Evidence it, Refusal refusal) {
        for (Pulse pulse : it.progress().ranks().values()) {
            Optional<Pulse.Refused> last = pulse.refused().filter(refused -> refused.refusal() == refusal);
            if (last.isPresent()) {
                return last.map(Pulse.Refused::why);
            }
        }
        return Optional.empty();
    }

    private static Optional<String> blindness(Evidence it) {
        String what = "; whether the engine moves cannot be judged: it is held neither stuck nor idle";
        return switch (it.engine().latest()) {
            case Unreadable unreadable ->
                it.engine()
                        .numbers()
                        .map(Answered::at)
                        .or(() -> it.engine().firstSeen())
                        .filter(since -> it.isOver(since, it.staleAfter()))
                        .map(_ -> unreadable.why() + what);
            case Answered answered ->
                answered.snapshot().ranks().stream()
                                .anyMatch(rank -> rank.running() + rank.waiting() > 0
                                        && !Pulse.Signs.of(rank).known())
                        ? Optional.of("the metrics page shows requests and no counter" + what)
                        : Optional.empty();
            case NotYet _, Unreachable _ -> Optional.empty();
        };
    }
}
