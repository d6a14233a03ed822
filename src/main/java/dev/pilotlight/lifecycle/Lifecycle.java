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
import java.util.Optional;

/** The pure step from phase to phase. */
public record Lifecycle(LifecyclePolicy policy) {
    /**
     * How long a start that took too long is held against the engine. The kubelet acts on it within this time; the process that it
     * then starts refuses connections just as the old one did, and must get a deadline of its own.
     */
    private static final Duration VERDICT_HOLDS = Duration.ofMinutes(2);

    public Step step(Phase phase, Seen seen, Instant now) {
        return switch (phase) {
            case Draining draining -> Step.stay(draining);
            case Starting _, Warming _, Ready _, Suspended _, Failed _
            when seen.drainAsked() -> Step.to(new Draining(now));
            case Warming _, Ready _, Suspended _
            when seen.refused() ->
                Step.to(new Starting(now, "the engine refuses connections: it stopped, or loads again"));
            case Warming _, Ready _, Suspended _
            when seen.replaced() -> whileStarting(new Starting(now, "a new engine process answers"), seen, now);
            case Warming _, Ready _, Suspended _ when isDead(seen, now) -> Step.to(dead(seen, now));
            case Starting starting -> whileStarting(starting, seen, now);
            case Warming warming -> whileWarming(warming, seen, now);
            case Ready ready -> whileReady(ready, seen, now);
            case Suspended suspended -> whileSuspended(suspended, seen, now);
            case Failed failed -> whileFailed(failed, seen, now);
        };
    }

    private Step whileStarting(Starting starting, Seen seen, Instant now) {
        if (isDead(seen, now)) {
            return Step.to(dead(seen, now));
        }
        Optional<Model> model = seen.model();
        if (model.isPresent() && seen.unhealthySince().isEmpty()) {
            return listed(starting.since(), model.get(), seen, now);
        }
        if (!policy.startDeadline().isZero() && isOver(starting.since(), policy.startDeadline(), now)) {
            return Step.to(new Failed(
                    now,
                    Failure.START_TOO_LONG,
                    "not serving " + words(policy.startDeadline()) + " after the start began ("
                            + "pilotlight.liveness.start-deadline); look at the engine's log"));
        }
        String why = seen.refused() ? "nothing listens yet" : seen.whyNoModel();
        return Step.stay(why.equals(starting.why()) ? starting : new Starting(starting.since(), why));
    }

    /** A model is listed: warm it, unless it is suspended or has served others already. */
    private static Step listed(Instant since, Model model, Seen seen, Instant now) {
        Optional<String> how = seen.suspension();
        if (how.isPresent()) {
            return Step.to(new Suspended(now, how.get(), false));
        }
        if (seen.servedOthers()) {
            return Step.to(new Ready(now));
        }
        return Step.to(new Warming(now, 1, now, Optional.empty(), ""), new Effect.SendWarmUp(1, model));
    }

    private Step whileWarming(Warming warming, Seen seen, Instant now) {
        Optional<String> how = seen.suspension();
        if (how.isPresent()) {
            return Step.to(new Suspended(now, how.get(), false));
        }
        Optional<WarmUpOutcome> news = seen.warmUp()
                .filter(outcome ->
                        outcome.attempt() == warming.attempt() && !outcome.at().isBefore(warming.askedAt()));
        if (warming.retryAt().isEmpty() && news.isPresent()) {
            return switch (news.get()) {
                case WarmUpOutcome.Answered _ -> Step.to(new Ready(now));
                case WarmUpOutcome.Lost lost ->
                    Step.stay(new Warming(
                            warming.since(),
                            warming.attempt(),
                            warming.askedAt(),
                            Optional.of(now.plus(policy.warmUpRetry())),
                            lost.why()));
            };
        }
        if (isOver(warming.since(), policy.warmUpBudget(), now)) {
            return Step.to(
                    policy.proceedCold()
                            ? new Ready(now)
                            : new Failed(
                                    now,
                                    Failure.WARM_UP_GAVE_UP,
                                    "no warm-up request succeeded within " + words(policy.warmUpBudget())
                                            + " (pilotlight.warm-up.budget); last: "
                                            + (warming.lastFailure().isEmpty()
                                                    ? "still waiting"
                                                    : warming.lastFailure())));
        }
        if (warming.retryAt().isPresent()
                && !now.isBefore(warming.retryAt().get())
                && seen.model().isPresent()) {
            int attempt = warming.attempt() + 1;
            return Step.to(
                    new Warming(warming.since(), attempt, now, Optional.empty(), warming.lastFailure()),
                    new Effect.SendWarmUp(attempt, seen.model().get()));
        }
        return Step.stay(warming);
    }

    private static Step whileReady(Ready ready, Seen seen, Instant now) {
        return seen.suspension()
                .map(how -> Step.to(new Suspended(now, how, true)))
                .orElseGet(() -> Step.stay(ready));
    }

    private static Step whileSuspended(Suspended suspended, Seen seen, Instant now) {
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
                ? Step.to(new Ready(now))
                : listed(now, seen.model().get(), seen, now);
    }

    /** Back to the start as soon as the cause is gone: a new process, or the same one that answers soundly again. */
    private static Step whileFailed(Failed failed, Seen seen, Instant now) {
        boolean isBack =
                switch (failed.failure()) {
                    case DEAD ->
                        seen.refused()
                                || seen.replaced()
                                || seen.unhealthySince().isEmpty();
                    case START_TOO_LONG ->
                        seen.replaced()
                                || seen.model().isPresent()
                                        && seen.unhealthySince().isEmpty()
                                || isOver(failed.since(), VERDICT_HOLDS, now);
                    case WARM_UP_GAVE_UP -> seen.refused() || seen.replaced() || seen.servedOthers();
                };
        return isBack
                ? Step.to(new Starting(now, "the engine comes back after: " + failed.reason()))
                : Step.stay(failed);
    }

    private boolean isDead(Seen seen, Instant now) {
        return seen.unhealthySince().isPresent() && isOver(seen.unhealthySince().get(), policy.deadAfter(), now);
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

    static String words(Duration duration) {
        return duration.toString().substring(2).toLowerCase(java.util.Locale.ROOT);
    }
}
