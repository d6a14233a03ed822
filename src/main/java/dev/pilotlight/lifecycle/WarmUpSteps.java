package dev.pilotlight.lifecycle;

import dev.pilotlight.engine.Model;
import dev.pilotlight.lifecycle.Phase.Failed;
import dev.pilotlight.lifecycle.Phase.Ready;
import dev.pilotlight.lifecycle.Phase.Suspended;
import dev.pilotlight.lifecycle.Phase.Warming;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The part of {@link Lifecycle} that warms: rounds until one is as quick as the one before, within a budget. */
record WarmUpSteps(WarmUpPolicy policy) {
    /** A model is listed: warm it, unless it has served already. */
    Step listed(Model model, Inputs inputs, Instant now) {
        if (inputs.isWarm()) {
            return Step.to(new Ready(now, "it has served before"));
        }
        Warming first = new Warming(now, inputs.effectsSoFar() + 1, now, Optional.empty(), List.of(), 0, "");
        return Step.to(first, round(first, model, inputs));
    }

    private Effect round(Warming warming, Model model, Inputs inputs) {
        List<Shape> shapes = policy.shapes().stream()
                .map(shape -> shape.within(model.maxModelLen()))
                .toList();
        return new Effect.SendWarmUp(
                warming.attempt(),
                warming.rounds().size() + 1,
                model,
                shapes,
                inputs.ranks(),
                warming.since().plus(policy.budget()));
    }

    Step whileWarming(Warming warming, Inputs inputs, Instant now) {
        Optional<String> how = inputs.suspension();
        if (how.isPresent()) {
            return Step.to(new Suspended(now, how.get(), false));
        }
        Optional<WarmUpOutcome> news = inputs.warmUp()
                .filter(outcome -> warming.retryAt().isEmpty()
                        && outcome.attempt() == warming.attempt()
                        && !outcome.at().isBefore(warming.askedAt()));
        if (news.isPresent()) {
            return switch (news.get()) {
                case WarmUpOutcome.Done done -> afterRound(warming, done.round(), inputs, now);
                case WarmUpOutcome.Unsupported unsupported
                when inputs.showsNothingOfVllm() && !policy.proceedCold() ->
                    Step.to(new Failed(
                            now,
                            Condition.NO_MODEL,
                            "no engine is seen: " + inputs.whyNoModel() + ", and "
                                    + unsupported.why()
                                    + "; does pilotlight.engine.url point to another server than vLLM? Else set"
                                    + " pilotlight.warm-up.on-failure=proceed"));
                case WarmUpOutcome.Unsupported unsupported ->
                    Step.to(new Ready(now, "not warmed: " + unsupported.why()));
                case WarmUpOutcome.Lost lost ->
                    Step.stay(new Warming(
                            warming.since(),
                            warming.attempt(),
                            warming.askedAt(),
                            Optional.of(now.plus(policy.pauseAfter(warming.failures() + 1))),
                            warming.rounds(),
                            warming.failures() + 1,
                            lost.why()));
            };
        }
        if (Lifecycle.isOver(warming.since(), policy.budget(), now)) {
            return budgetSpent(warming, warming.rounds().size(), now);
        }
        return warming.retryAt().isPresent()
                        && !now.isBefore(warming.retryAt().get())
                        && inputs.model().isPresent()
                ? next(warming, warming.rounds(), warming.failures(), inputs, now)
                : Step.stay(warming);
    }

    private Step afterRound(Warming warming, Round round, Inputs inputs, Instant now) {
        List<Round> rounds = new ArrayList<>(warming.rounds());
        rounds.add(round);
        int count = rounds.size();
        if (count >= WarmUpPolicy.LEAST_ROUNDS && round.isSteadyAfter(rounds.get(count - 2), policy.steadyWithin())) {
            return Step.to(new Ready(now, "warm: steady after " + count + " rounds"));
        }
        if (count >= WarmUpPolicy.LEAST_ROUNDS && inputs.servedOthers()) {
            return Step.to(
                    new Ready(now, "warm: " + count + " rounds served, beside clients who make their pace wander"));
        }
        if (count >= policy.maxRounds()) {
            return Step.to(new Ready(now, "warm: " + count + " rounds served, though their pace still wanders"));
        }
        if (Lifecycle.isOver(warming.since(), policy.budget(), now)) {
            return budgetSpent(warming, count, now);
        }
        return next(warming, rounds, 0, inputs, now);
    }

    private Step next(Warming warming, List<Round> rounds, int failures, Inputs inputs, Instant now) {
        Warming next = new Warming(
                warming.since(),
                inputs.effectsSoFar() + 1,
                now,
                Optional.empty(),
                rounds,
                failures,
                warming.lastFailure());
        return inputs.model()
                .map(model -> Step.to(next, round(next, model, inputs)))
                .orElseGet(() -> Step.stay(new Warming(
                        warming.since(),
                        warming.attempt(),
                        warming.askedAt(),
                        Optional.of(now.plus(policy.retryAfter())),
                        rounds,
                        failures,
                        warming.lastFailure())));
    }

    /** An engine that has answered a round serves: that its pace wanders is no failure. */
    private Step budgetSpent(Warming warming, int rounds, Instant now) {
        if (rounds > 0 && warming.failures() == 0) {
            return Step.to(new Ready(
                    now,
                    "warm: " + rounds + " rounds served within " + Lifecycle.words(policy.budget())
                            + " (pilotlight.warm-up.budget), though their pace still wanders"));
        }
        String last = warming.lastFailure().isEmpty()
                ? "no round was answered whole"
                : "last failure: " + warming.lastFailure();
        String why = "not warm within " + Lifecycle.words(policy.budget()) + " (pilotlight.warm-up.budget); " + last;
        return Step.to(policy.proceedCold() ? new Ready(now, why) : new Failed(now, Condition.WARM_UP_GAVE_UP, why));
    }
}
