package dev.pilotlight.lifecycle;

import dev.pilotlight.engine.Model;
import dev.pilotlight.lifecycle.Phase.Draining;
import dev.pilotlight.lifecycle.Phase.Failed;
import dev.pilotlight.lifecycle.Phase.Ready;
import dev.pilotlight.lifecycle.Phase.Starting;
import dev.pilotlight.lifecycle.Phase.Suspended;
import dev.pilotlight.lifecycle.Phase.Warming;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The pure step from phase to phase. */
public record Lifecycle(LivenessPolicy liveness, WarmUpPolicy warmUp) {
    /**
     * How long a start that took too long is held against the engine. The kubelet acts on it within this time; the process that it
     * then starts refuses connections just as the old one did, and must get a deadline of its own.
     */
    private static final Duration VERDICT_HOLDS = Duration.ofMinutes(2);
    /** What takes an engine that could serve out of service until it is gone. The rest is soon undone, and only said. */
    static final Set<Condition> FAILS = EnumSet.of(
            Condition.STUCK,
            Condition.BROKEN,
            Condition.PARTLY_DOWN,
            Condition.ERRORS,
            Condition.STARVED,
            Condition.UNRESPONSIVE);

    /** A busy engine's page may miss one deadline, and it alone tells that the engine has served and needs no warm-up. */
    private static final Duration PAGE_TAKES = Duration.ofSeconds(10);

    /** Whether the table may still hold that against it: then it is looked at on. */
    public static boolean isWatched(Failed failed) {
        return FAILS.contains(failed.condition());
    }

    public Step step(Phase phase, Inputs inputs, Instant now) {
        return switch (phase) {
            case Draining draining when inputs.drainAsked() -> Step.stay(draining);
            case Draining _ ->
                whileStarting(
                        new Starting(now, "a new engine process answers after the drain: the pod stays"), inputs, now);
            case Starting _, Warming _, Ready _, Suspended _, Failed _
            when inputs.drainAsked() -> Step.to(new Draining(now));
            case Starting _, Warming _, Ready _, Suspended _
            when inputs.gpuFault().isPresent() ->
                Step.to(new Failed(now, Condition.GPU, inputs.gpuFault().get()));
            case Starting _, Warming _, Ready _, Suspended _
            when inputs.found().containsKey(Condition.SEVERAL_SERVERS) ->
                Step.to(new Failed(
                        now, Condition.SEVERAL_SERVERS, inputs.found().get(Condition.SEVERAL_SERVERS)));
            case Warming _, Ready _, Suspended _
            when inputs.refused() ->
                Step.to(new Starting(now, "the engine refuses connections: it stopped, or loads again"));
            case Warming _, Ready _, Suspended _
            when inputs.replaced() -> whileStarting(new Starting(now, "a new engine process answers"), inputs, now);
            case Starting _, Warming _, Ready _, Suspended _
            when inputs.found().containsKey(Condition.DEAD) -> dead(inputs, now);
            case Failed failed
            when !failed.condition().kills() && inputs.found().containsKey(Condition.DEAD) -> dead(inputs, now);
            case Starting starting -> whileStarting(starting, inputs, now);
            case Warming warming -> warmUpSteps().whileWarming(warming, inputs, now);
            case Ready ready -> whileReady(ready, inputs, now);
            case Suspended suspended -> whileSuspended(suspended, inputs, now);
            case Failed failed -> whileFailed(failed, inputs, now);
        };
    }

    private WarmUpSteps warmUpSteps() {
        return new WarmUpSteps(warmUp);
    }

    private Step whileStarting(Starting starting, Inputs inputs, Instant now) {
        if (inputs.refused() && inputs.engine().goneSince().isAfter(starting.since())) {
            // It had answered meanwhile: two loads are no long one.
            return Step.to(new Starting(now, "the engine refuses connections again: it stopped, or loads again"));
        }
        Optional<String> how = inputs.suspension();
        if (how.isPresent()) {
            return Step.to(new Suspended(now, how.get(), false));
        }
        Optional<Model> model = inputs.model();
        boolean isPageAwaited = inputs.numbersMayCome() && !isOver(starting.since(), PAGE_TAKES, now);
        if (model.isPresent() && !inputs.isUnhealthy() && !isPageAwaited) {
            return warmUpSteps().listed(model.get(), inputs, now);
        }
        if (warmUp.proceedCold() && inputs.isHealthy() && inputs.found().containsKey(Condition.NO_MODEL)) {
            return Step.to(new Ready(
                    now,
                    "not warmed, by pilotlight.warm-up.on-failure=proceed: "
                            + inputs.found().get(Condition.NO_MODEL)));
        }
        Starting going = starting.lookedAt(inputs.nothingListens(), whyStarting(inputs), now);
        Duration deadline = liveness.startDeadline(inputs.longestLoad());
        if (!deadline.isZero() && inputs.nothingListens() && going.taken(now).compareTo(deadline) >= 0) {
            return Step.to(new Failed(
                    now,
                    Condition.START_TOO_LONG,
                    "not serving " + words(deadline) + " after the start began (pilotlight.liveness.start-deadline);"
                            + " look at the engine's log"));
        }
        return Step.stay(going.equals(starting) ? starting : going);
    }

    private static String whyStarting(Inputs inputs) {
        return inputs.nothingListens() ? "nothing listens yet" : inputs.whyNoModel();
    }

    private static Step whileReady(Ready ready, Inputs inputs, Instant now) {
        if (inputs.suspension().isPresent()) {
            return Step.to(new Suspended(now, inputs.suspension().get(), true));
        }
        return inputs.against()
                .map(it -> Step.to(new Failed(now, it.getKey(), it.getValue())))
                .orElseGet(() -> Step.stay(ready));
    }

    private Step whileSuspended(Suspended suspended, Inputs inputs, Instant now) {
        Optional<String> how = inputs.suspension();
        if (how.isPresent()) {
            return Step.stay(
                    how.get().equals(suspended.how())
                            ? suspended
                            : new Suspended(suspended.since(), how.get(), suspended.wasWarm()));
        }
        if (inputs.model().isEmpty()) {
            return Step.stay(suspended);
        }
        return suspended.wasWarm()
                ? Step.to(new Ready(now, "awake again"))
                : warmUpSteps().listed(inputs.model().get(), inputs, now);
    }

    /** Back as soon as the cause is gone: to the start with a new process, into service with the same that is well again. */
    private Step whileFailed(Failed failed, Inputs inputs, Instant now) {
        if (failed.condition() == Condition.WARM_UP_GAVE_UP && couldServe(inputs)) {
            if (inputs.servedOthers()) {
                return Step.to(new Ready(now, "it serves others, though " + failed.reason()));
            }
            if (isOver(failed.since(), warmUp.budget(), now)) {
                // What stood in the way may have gone, and nobody restarts an engine that answers.
                return warmUpSteps().listed(inputs.model().orElseThrow(), inputs, now);
            }
        }
        boolean isNew = inputs.refused() || inputs.replaced();
        if (FAILS.contains(failed.condition()) && !isNew) {
            return whileHeldAgainst(failed, inputs, now);
        }
        boolean isBack =
                switch (failed.condition()) {
                    case DEAD -> isNew || !inputs.found().containsKey(Condition.DEAD);
                    case GPU -> inputs.gpuFault().isEmpty();
                    case START_TOO_LONG ->
                        inputs.replaced()
                                || inputs.model().isPresent() && !inputs.isUnhealthy()
                                || isOver(failed.since(), VERDICT_HOLDS, now);
                    case WARM_UP_GAVE_UP -> isNew;
                    case SEVERAL_SERVERS -> !inputs.found().containsKey(Condition.SEVERAL_SERVERS);
                    case NO_MODEL ->
                        isNew || !inputs.showsNothingOfVllm() || isOver(failed.since(), warmUp.budget(), now);
                    case STUCK,
                            BROKEN,
                            ERRORS,
                            STARVED,
                            UNRESPONSIVE,
                            UNHEALTHY,
                            TLS_FAILED,
                            NAME_UNKNOWN,
                            SILENT,
                            SUSPENDED,
                            PARTLY_DOWN,
                            PAGE_UNREADABLE,
                            PARTLY_SEEN,
                            REJECTING,
                            KEY_REFUSED,
                            TURNED_AWAY,
                            PROBE_UNSUPPORTED -> true;
                };
        return isBack ? Step.to(new Starting(now, "back after: " + failed.reason())) : Step.stay(failed);
    }

    /** It has been ready, and is again as soon as the table holds nothing against it. */
    private static Step whileHeldAgainst(Failed failed, Inputs inputs, Instant now) {
        if (inputs.suspension().isPresent()) {
            return Step.to(new Suspended(now, inputs.suspension().get(), true));
        }
        Optional<Map.Entry<Condition, String>> against = inputs.against();
        if (against.isEmpty()) {
            return Step.to(new Ready(now, "back after: " + failed.reason()));
        }
        return against.get().getKey() == failed.condition()
                ? Step.stay(failed)
                : Step.to(new Failed(now, against.get().getKey(), against.get().getValue()));
    }

    private static boolean couldServe(Inputs inputs) {
        return !inputs.refused()
                && !inputs.replaced()
                && !inputs.isUnhealthy()
                && inputs.suspension().isEmpty()
                && inputs.model().isPresent();
    }

    private static Step dead(Inputs inputs, Instant now) {
        return Step.to(new Failed(now, Condition.DEAD, inputs.found().get(Condition.DEAD)));
    }

    static boolean isOver(Instant since, Duration allowed, Instant now) {
        return Duration.between(since, now).compareTo(allowed) >= 0;
    }

    static String words(Duration duration) {
        return duration.toString().substring(2).toLowerCase(Locale.ROOT);
    }
}
