package dev.pilotlight.lifecycle;

import dev.pilotlight.engine.Model;
import dev.pilotlight.lifecycle.Phase.Draining;
import dev.pilotlight.lifecycle.Phase.Failed;
import dev.pilotlight.lifecycle.Phase.Failure;
import dev.pilotlight.lifecycle.Phase.Ready;
import dev.pilotlight.lifecycle.Phase.Starting;
import dev.pilotlight.lifecycle.Phase.Suspended;
import dev.pilotlight.lifecycle.Phase.Warming;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The pure step from phase to phase. */
public record Lifecycle(LivenessPolicy liveness, WarmUpPolicy warmUp) {
    /**
     * How long a start that took too long is held against the engine. The kubelet acts on it within this time; the process that it
     * then starts refuses connections just as the old one did, and must get a deadline of its own.
     */
    private static final Duration VERDICT_HOLDS = Duration.ofMinutes(2);
    /** A busy engine's page may miss one deadline, and it alone tells that the engine has served and needs no warm-up. */
    private static final Duration PAGE_TAKES = Duration.ofSeconds(10);

    public Step step(Phase phase, Seen seen, Instant now) {
        return switch (phase) {
            case Draining draining when seen.drainAsked() -> Step.stay(draining);
            case Draining _ ->
                whileStarting(
                        new Starting(now, "a new engine process answers after the drain: the pod stays"), seen, now);
            case Starting _, Warming _, Ready _, Suspended _, Failed _
            when seen.drainAsked() -> Step.to(new Draining(now));
            case Starting _, Warming _, Ready _, Suspended _
            when seen.gpuFault().isPresent() ->
                Step.to(new Failed(now, Failure.GPU, seen.gpuFault().get()));
            case Warming _, Ready _, Suspended _
            when seen.refused() ->
                Step.to(new Starting(now, "the engine refuses connections: it stopped, or loads again"));
            case Warming _, Ready _, Suspended _
            when seen.replaced() -> whileStarting(new Starting(now, "a new engine process answers"), seen, now);
            case Starting _, Warming _, Ready _, Suspended _ when isDead(seen, now) -> Step.to(dead(seen, now));
            case Starting starting -> whileStarting(starting, seen, now);
            case Warming warming -> whileWarming(warming, seen, now);
            case Ready ready -> whileReady(ready, seen, now);
            case Suspended suspended -> whileSuspended(suspended, seen, now);
            case Failed failed -> whileFailed(failed, seen, now);
        };
    }

    private Step whileStarting(Starting starting, Seen seen, Instant now) {
        Optional<Model> model = seen.model();
        boolean isPageAwaited = seen.numbersMayCome() && !isOver(starting.since(), PAGE_TAKES, now);
        if (model.isPresent() && seen.unhealthySince().isEmpty() && !isPageAwaited) {
            return listed(model.get(), seen, now);
        }
        Duration deadline = liveness.startDeadline(seen.longestLoad());
        if (!deadline.isZero() && isOver(starting.since(), deadline, now)) {
            return Step.to(new Failed(
                    now,
                    Failure.START_TOO_LONG,
                    "not serving " + words(deadline) + " after the start began (pilotlight.liveness.start-deadline);"
                            + " look at the engine's log"));
        }
        String why = seen.refused() ? "nothing listens yet" : seen.whyNoModel();
        return Step.stay(why.equals(starting.why()) ? starting : new Starting(starting.since(), why));
    }

    /** A model is listed: warm it, unless it is suspended or has served others already. */
    private Step listed(Model model, Seen seen, Instant now) {
        Optional<String> how = seen.suspension();
        if (how.isPresent()) {
            return Step.to(new Suspended(now, how.get(), false));
        }
        if (seen.servedOthers()) {
            return Step.to(new Ready(now, "it has served before"));
        }
        Warming first = new Warming(now, seen.deeds() + 1, now, Optional.empty(), List.of(), 0, "");
        return Step.to(first, round(first, model, seen));
    }

    private Effect round(Warming warming, Model model, Seen seen) {
        List<Shape> shapes = warmUp.shapes().stream()
                .map(shape -> shape.within(model.maxModelLen()))
                .toList();
        return new Effect.SendWarmUp(
                warming.attempt(),
                warming.rounds().size() + 1,
                model,
                shapes,
                seen.ranks(),
                warming.since().plus(warmUp.budget()));
    }

    private Step whileWarming(Warming warming, Seen seen, Instant now) {
        Optional<String> how = seen.suspension();
        if (how.isPresent()) {
            return Step.to(new Suspended(now, how.get(), false));
        }
        Optional<WarmUpOutcome> news = seen.warmUp()
                .filter(outcome -> warming.retryAt().isEmpty()
                        && outcome.attempt() == warming.attempt()
                        && !outcome.at().isBefore(warming.askedAt()));
        if (news.isPresent()) {
            return switch (news.get()) {
                case WarmUpOutcome.Done done -> afterRound(warming, done.round(), seen, now);
                case WarmUpOutcome.Lost lost ->
                    Step.stay(new Warming(
                            warming.since(),
                            warming.attempt(),
                            warming.askedAt(),
                            Optional.of(now.plus(warmUp.pauseAfter(warming.failures() + 1))),
                            warming.rounds(),
                            warming.failures() + 1,
                            lost.why()));
            };
        }
        if (isOver(warming.since(), warmUp.budget(), now)) {
            return gaveUp(warming, now);
        }
        return warming.retryAt().isPresent()
                        && !now.isBefore(warming.retryAt().get())
                        && seen.model().isPresent()
                ? next(warming, warming.rounds(), warming.failures(), seen, now)
                : Step.stay(warming);
    }

    private Step afterRound(Warming warming, Round round, Seen seen, Instant now) {
        List<Round> rounds = new ArrayList<>(warming.rounds());
        rounds.add(round);
        int count = rounds.size();
        if (count >= WarmUpPolicy.LEAST_ROUNDS && round.isSteadyAfter(rounds.get(count - 2), warmUp.steadyWithin())) {
            return Step.to(new Ready(now, "warm: steady after " + count + " rounds"));
        }
        if (count >= warmUp.maxRounds()) {
            return Step.to(new Ready(now, "warm: " + count + " rounds served, though their pace still wanders"));
        }
        if (isOver(warming.since(), warmUp.budget(), now)) {
            return gaveUp(warming, now);
        }
        return next(warming, rounds, 0, seen, now);
    }

    private Step next(Warming warming, List<Round> rounds, int failures, Seen seen, Instant now) {
        Warming next = new Warming(
                warming.since(), seen.deeds() + 1, now, Optional.empty(), rounds, failures, warming.lastFailure());
        return seen.model()
                .map(model -> Step.to(next, round(next, model, seen)))
                .orElseGet(() -> Step.stay(new Warming(
                        warming.since(),
                        warming.attempt(),
                        warming.askedAt(),
                        Optional.of(now.plus(warmUp.retryAfter())),
                        rounds,
                        failures,
                        warming.lastFailure())));
    }

    private Step gaveUp(Warming warming, Instant now) {
        String last = warming.lastFailure().isEmpty()
                ? warming.rounds().size() + " rounds served, not steady yet"
                : "last failure: " + warming.lastFailure();
        String why = "not warm within " + words(warmUp.budget()) + " (pilotlight.warm-up.budget); " + last;
        return Step.to(warmUp.proceedCold() ? new Ready(now, why) : new Failed(now, Failure.WARM_UP_GAVE_UP, why));
    }

    private static Step whileReady(Ready ready, Seen seen, Instant now) {
        if (seen.suspension().isPresent()) {
            return Step.to(new Suspended(now, seen.suspension().get(), true));
        }
        return seen.stuck()
                .map(why -> Step.to(new Failed(now, Failure.STUCK, "the engine " + why)))
                .orElseGet(() -> Step.stay(ready));
    }

    private Step whileSuspended(Suspended suspended, Seen seen, Instant now) {
        Optional<String> how = seen.suspension();
        if (how.isPresent()) {
            return Step.stay(
                    how.get().equals(suspended.how())
                            ? suspended
                            : new Suspended(suspended.since(), how.get(), suspended.wasWarm()));
        }
        if (seen.model().isEmpty()) {
            return Step.stay(suspended);
        }
        return suspended.wasWarm()
                ? Step.to(new Ready(now, "awake again"))
                : listed(seen.model().get(), seen, now);
    }

    /** Back to the start as soon as the cause is gone: a new process, or the same one that answers soundly again. */
    private Step whileFailed(Failed failed, Seen seen, Instant now) {
        if (failed.failure() == Failure.WARM_UP_GAVE_UP && mayWarmAgain(failed, seen, now)) {
            return listed(seen.model().orElseThrow(), seen, now);
        }
        boolean isNew = seen.refused() || seen.replaced();
        boolean isBack =
                switch (failed.failure()) {
                    case DEAD -> isNew || seen.unhealthySince().isEmpty();
                    case STUCK -> isNew || seen.stuck().isEmpty();
                    case GPU -> seen.gpuFault().isEmpty();
                    case START_TOO_LONG ->
                        seen.replaced()
                                || seen.model().isPresent()
                                        && seen.unhealthySince().isEmpty()
                                || isOver(failed.since(), VERDICT_HOLDS, now);
                    case WARM_UP_GAVE_UP -> isNew || seen.servedOthers();
                };
        return isBack ? Step.to(new Starting(now, "back after: " + failed.reason())) : Step.stay(failed);
    }

    /** What stood in the way may have gone, and nobody restarts an engine that answers: after a pause it is tried again. */
    private boolean mayWarmAgain(Failed failed, Seen seen, Instant now) {
        return !seen.refused()
                && !seen.replaced()
                && seen.unhealthySince().isEmpty()
                && seen.model().isPresent()
                && isOver(failed.since(), warmUp.budget(), now);
    }

    private boolean isDead(Seen seen, Instant now) {
        return seen.unhealthySince().isPresent() && isOver(seen.unhealthySince().get(), liveness.deadAfter(), now);
    }

    private static Failed dead(Seen seen, Instant now) {
        return new Failed(
                now,
                Failure.DEAD,
                "GET /health answers 5xx since " + seen.unhealthySince().orElse(now) + "; the engine core is dead");
    }

    private static boolean isOver(Instant since, Duration allowed, Instant now) {
        return Duration.between(since, now).compareTo(allowed) >= 0;
    }

    private static String words(Duration duration) {
        return duration.toString().substring(2).toLowerCase(Locale.ROOT);
    }
}
