package dev.pilotlight.lifecycle;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineReading.Unreachable;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.engine.Model;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.signal.OwnTraffic;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whether the engine moves, rank by rank: the evidence that {@link Judgement} goes by. Gauges that stand still prove nothing, and
 * neither does a request that waits its turn on a busy engine; the two together, seen at the same time, do.
 *
 * @param ranks by engine label
 * @param out the request that is out
 * @param attempts requests sent so far
 * @param sight how well the engine is seen
 * @param model that it listed last, to ask it by: one that is silent lists none
 */
public record Progress(Map<String, Pulse> ranks, Optional<Out> out, int attempts, Sight sight, Optional<Model> model) {
    public static final Progress NONE = new Progress(Map.of(), Optional.empty(), 0, Sight.NONE, Optional.empty());

    /** A pod that drains waits no longer for an answer. */
    private static final Duration LEAVING_WAITS = Duration.ofSeconds(30);

    /** Until the next request after one that was answered with an error. */
    private static final Duration AFTER_AN_ERROR = Duration.ofSeconds(10);

    /**
     * A request that is out.
     *
     * @param heldUp whether this process stood still meanwhile, so that no answer tells nothing
     * @param patience how long its answer is waited for, where that is longer than usual
     */
    public record Out(String rank, int attempt, Instant sentAt, boolean heldUp, Model model, Duration patience) {
        Out heldUp(boolean now) {
            return new Out(rank, attempt, sentAt, heldUp || now, model, patience);
        }

        /** The pod leaves, and it has waited for long enough. */
        boolean isCutShort(LivenessPolicy policy, Instant now) {
            return policy.isLeaving()
                    && patience.isPositive()
                    && Duration.between(sentAt, now).compareTo(LEAVING_WAITS) >= 0;
        }
    }

    /** What comes of looking: the state to keep, and the request to send. */
    public record Turn(Progress progress, Optional<Effect.SendProbe> probe) {}

    public Progress {
        ranks = Map.copyOf(ranks);
    }

    /** Whether no request of our own is unanswered or failed: an engine of which that is not known is not known to be idle. */
    public boolean isAnswering() {
        return ranks.values().stream()
                .allMatch(pulse -> pulse.lost() == 0
                        && pulse.refused()
                                .filter(it -> it.refusal().isError() || it.refusal() == Refusal.BUSY)
                                .isEmpty());
    }

    /**
     * @param watching false while standing still is no news (loading, warming, suspended): all is forgotten then
     */
    public Turn advance(
            EngineTrack engine,
            OwnTraffic own,
            Optional<ProbeOutcome> outcome,
            boolean watching,
            Optional<Model> listed,
            LivenessPolicy policy,
            Instant now) {
        if (!watching) {
            return new Turn(
                    new Progress(Map.of(), Optional.empty(), attempts, Sight.NONE, listed.or(() -> model)),
                    Optional.empty());
        }
        Progress seen = look(engine, own, listed.or(() -> model), now)
                .hear(engine, outcome, own)
                .cutShort(engine, own, policy, now);
        return seen.out.isPresent() || seen.model.isEmpty()
                ? new Turn(seen, Optional.empty())
                : seen.ask(engine, own, seen.model.get(), policy, now);
    }

    /** Takes in the signs of life of the newest numbers. */
    private Progress look(EngineTrack engine, OwnTraffic own, Optional<Model> listed, Instant now) {
        List<Rank> read =
                engine.numbers().map(numbers -> numbers.snapshot().ranks()).orElse(List.of());
        Map<String, Pulse> after = new LinkedHashMap<>();
        for (Rank rank : read) {
            Pulse before = ranks.get(rank.engine());
            Pulse.Signs signs = Pulse.Signs.of(rank);
            if (before == null || engine.replaced()) {
                after.put(rank.engine(), Pulse.begin(signs, now));
            } else if (before.signs().equals(signs)) {
                after.put(rank.engine(), before);
            } else {
                after.put(rank.engine(), before.moved(signs, engine.latest().at()));
            }
        }
        if (after.isEmpty()) {
            // No page to read: an answer still tells that it lives.
            after.put("0", ranks.getOrDefault("0", Pulse.begin(Pulse.Signs.UNKNOWN, now)));
        }
        if (engine.latest() instanceof Answered page) {
            after.replaceAll((label, pulse) -> worksOn(label, engine, own) ? pulse : pulse.idle(page.at()));
        }
        if (listed.isPresent() && model.isPresent() && !listed.equals(model)) {
            after.replaceAll((_, pulse) -> pulse.ofAnotherModel());
        }
        Sight next = sight.next(engine, now);
        if (next.isBroken()) {
            after.replaceAll((_, pulse) -> pulse.unproven());
        }
        return new Progress(after, out.map(it -> it.heldUp(next.isBroken())), attempts, next, listed);
    }

    /**
     * Takes in how the request that was out ended. One that got no answer waits for a reading from after that: this process itself may
     * have stood still, and the engine have moved on meanwhile.
     */
    private Progress hear(EngineTrack engine, Optional<ProbeOutcome> outcome, OwnTraffic own) {
        if (out.isEmpty()
                || outcome.filter(it -> it.attempt() == out.get().attempt()).isEmpty()
                || outcome.get() instanceof ProbeOutcome.TimedOut timedOut
                        && engine.latest().at().isBefore(timedOut.at())) {
            return this;
        }
        Out asked = out.get();
        Map<String, Pulse> next = new LinkedHashMap<>(ranks);
        next.computeIfPresent(asked.rank(), (_, pulse) -> switch (outcome.get()) {
            case ProbeOutcome.Answered answered -> pulse.answered(answered.at());
            case ProbeOutcome.Refused refused -> {
                Pulse after = pulse.refused(refused.refusal(), refused.why());
                yield model.filter(asked.model()::equals).isPresent() ? after : after.ofAnotherModel();
            }
            case ProbeOutcome.TimedOut _ ->
                counts(pulse, asked, engine, own) ? pulse.gotNoAnswer(asked.sentAt()) : pulse;
        });
        return new Progress(next, Optional.empty(), attempts, sight, model);
    }

    private Progress cutShort(EngineTrack engine, OwnTraffic own, LivenessPolicy policy, Instant now) {
        if (out.filter(it -> it.isCutShort(policy, now)).isEmpty()) {
            return this;
        }
        Out asked = out.get();
        Map<String, Pulse> next = new LinkedHashMap<>(ranks);
        next.computeIfPresent(
                asked.rank(),
                (_, pulse) -> counts(pulse, asked, engine, own) ? pulse.gotNoAnswer(asked.sentAt()) : pulse);
        return new Progress(next, Optional.empty(), attempts, sight, model);
    }

    /**
     * Whether no answer tells anything: it does where the page was read since, and stood, or where the server answered nothing at all.
     * One that answers and shows no page may work behind it, and the request wait its turn.
     */
    private static boolean counts(Pulse pulse, Out asked, EngineTrack engine, OwnTraffic own) {
        boolean pageWasRead = engine.numbers()
                .filter(numbers -> !numbers.at().isBefore(asked.sentAt()))
                .filter(_ -> pulse.signs().known() || !worksOn(asked.rank(), engine, own))
                .isPresent();
        boolean allWasSilent = engine.answeredAt()
                .filter(answered -> !answered.isBefore(asked.sentAt()))
                .isEmpty();
        return !asked.heldUp() && !pulse.movedAt().isAfter(asked.sentAt()) && (pageWasRead || allWasSilent);
    }

    /** Sends a request to a rank that has stood still for long enough, by turns: one that is at a long step must not keep the others waiting. */
    private Turn ask(EngineTrack engine, OwnTraffic own, Model model, LivenessPolicy policy, Instant now) {
        Optional<Map.Entry<String, Pulse>> due = ranks.entrySet().stream()
                .filter(rank -> isDue(rank.getKey(), rank.getValue(), engine, own, policy, now))
                .min(Comparator.comparing(rank -> rank.getValue().askedAt().orElse(Instant.MIN)));
        if (due.isEmpty()) {
            return new Turn(this, Optional.empty());
        }
        String rank = due.get().getKey();
        Duration patience = patience(due.get().getValue(), engine, policy, now);
        Map<String, Pulse> next = new LinkedHashMap<>(ranks);
        next.computeIfPresent(rank, (_, pulse) -> pulse.asked(now));
        int attempt = attempts + 1;
        return new Turn(
                new Progress(
                        next,
                        Optional.of(new Out(rank, attempt, now, false, model, patience)),
                        attempt,
                        sight,
                        Optional.of(model)),
                Optional.of(new Effect.SendProbe(
                        attempt, model, ranks.size() > 1 ? Optional.of(rank) : Optional.empty(), patience)));
    }

    /**
     * The request on which the verdict may rest is waited for until the longest step is over: an engine that is overloaded answers late,
     * and one that answers lives. Of several ranks whose page is read one must not keep the others waiting.
     */
    private Duration patience(Pulse pulse, EngineTrack engine, LivenessPolicy policy, Instant now) {
        boolean isAlone = ranks.size() == 1 || engine.latest() instanceof Unreachable;
        if (pulse.lostSince().isEmpty() || !isAlone || policy.isLeaving()) {
            return Duration.ZERO;
        }
        Instant until = pulse.lostSince().get().minus(policy.stuckAfter()).plus(policy.step());
        Duration left = Duration.between(now, until);
        return left.isPositive() ? left : Duration.ZERO;
    }

    private static boolean isDue(
            String rank, Pulse pulse, EngineTrack engine, OwnTraffic own, LivenessPolicy policy, Instant now) {
        boolean works = worksOn(rank, engine, own);
        if (engine.deadSince().isPresent()) {
            // An answer proves the contrary, and must come again before the verdict would.
            return pulse.askedAt()
                    .filter(at -> Duration.between(at, now)
                                    .compareTo(policy.deadAfter().dividedBy(3))
                            < 0)
                    .isEmpty();
        }
        if (works && !pulse.signs().known() && !(engine.latest() instanceof Unreachable)) {
            return false; // A request behind real work whose progress cannot be seen proves nothing.
        }
        Duration quiet = works ? policy.stuckAfter() : policy.heartbeatEvery();
        if (pulse.lost() > 0 && pulse.refused().isEmpty()) {
            // One is out at all times then: the engine proves by it that it is back.
            return true;
        }
        boolean failed = pulse.lost() > 0
                || pulse.refused().filter(it -> it.refusal().isError()).isPresent();
        Instant since = works ? pulse.standsAtWorkSince() : pulse.movedAt();
        // What failed is asked again without a heartbeat, too: else it could never prove that it is well.
        if (quiet.isZero() ? !failed : Duration.between(since, now).compareTo(quiet) < 0) {
            return false;
        }
        if (pulse.askedAt().isEmpty()) {
            return true;
        }
        Duration pause = failed && (quiet.isZero() || AFTER_AN_ERROR.compareTo(quiet) < 0) ? AFTER_AN_ERROR : quiet;
        return Duration.between(pulse.askedAt().get(), now).compareTo(pause) >= 0;
    }

    private static boolean worksOn(String label, EngineTrack engine, OwnTraffic own) {
        if (engine.numbers().isEmpty()) {
            return false;
        }
        Answered numbers = engine.numbers().get();
        for (Rank rank : numbers.snapshot().ranks()) {
            if (rank.engine().equals(label) && rank.running() + rank.waiting() > own.inFlight()) {
                return true;
            }
        }
        return numbers.snapshot().ranks().size() == 1 && numbers.inFlight().orElse(0) > own.inFlight();
    }
}
