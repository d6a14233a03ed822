package dev.pilotlight.health;

import dev.pilotlight.lifecycle.Condition;
import dev.pilotlight.lifecycle.Phase.Draining;
import dev.pilotlight.lifecycle.Phase.Failed;
import dev.pilotlight.lifecycle.Phase.Ready;
import dev.pilotlight.lifecycle.Phase.Starting;
import dev.pilotlight.lifecycle.Phase.Suspended;
import dev.pilotlight.lifecycle.Phase.Warming;
import dev.pilotlight.loop.Picture;
import java.time.Instant;
import java.util.Optional;

/** What the probes answer, and why: rules over the picture. */
public final class HealthRules {
    private HealthRules() {}

    /** Whether the pod may take traffic: warm, and the engine answered lately, and soundly. Out of traffic is soon undone: no waiting here. */
    public static Verdict ready(Picture picture, Instant now) {
        return switch (picture.phase()) {
            case Ready _
            when !picture.engineIsFresh(now) ->
                Verdict.no("the last answer of the engine is older than "
                        + picture.freshness().engine().toMillis() + " ms: " + picture.whyNoSignals(now));
            case Ready _
            when picture.engine().unhealthySince().isPresent() ->
                Verdict.no("GET /health answers 5xx since "
                        + picture.engine().unhealthySince().get() + ": requests would fail");
            case Ready ready -> Verdict.yes("ready since " + ready.since() + ": " + ready.how());
            case Starting starting -> Verdict.no("engine starting since " + starting.since() + ": " + starting.why());
            case Warming warming ->
                Verdict.no("warming since " + warming.since() + ", "
                        + warming.rounds().size() + " rounds done"
                        + (warming.lastFailure().isEmpty() ? "" : "; last failure: " + warming.lastFailure()));
            case Suspended suspended ->
                Verdict.no("engine " + suspended.how() + " since " + suspended.since() + ", on request");
            case Draining draining -> Verdict.no("draining since " + draining.since());
            case Failed failed -> Verdict.no(failed.reason());
        };
    }

    /** Whether the kubelet should leave the engine's container alone. */
    public static Verdict engine(Picture picture) {
        return switch (picture.phase()) {
            case Failed failed
            when !failed.condition().kills() -> Verdict.yes("not restarted, though " + failed.reason());
            case Failed failed -> Verdict.no(failed.reason());
            case Starting starting -> Verdict.yes("starting since " + starting.since() + ": " + starting.why());
            case Warming warming -> Verdict.yes("warming since " + warming.since());
            case Ready ready ->
                Verdict.yes(heldBackBy(picture)
                        .map(why -> "not restarted, though " + why)
                        .orElse("ready since " + ready.since()));
            case Suspended suspended -> Verdict.yes(suspended.how() + " since " + suspended.since());
            case Draining draining -> Verdict.yes("draining since " + draining.since());
        };
    }

    /** What keeps a pod in phase ready from being so: it does not answer, or not soundly. */
    private static Optional<String> heldBackBy(Picture picture) {
        return picture.conditions().standing().entrySet().stream()
                .filter(each -> each.getKey().effect() == Condition.Effect.UNREADIES)
                .map(each -> each.getValue().why())
                .findFirst();
    }

    /** Why the kubelet is to restart the engine's container; empty while it should leave it alone. */
    public static Optional<String> engineDown(Picture picture) {
        return Optional.of(engine(picture)).filter(verdict -> !verdict.up()).map(Verdict::reason);
    }
}
