package dev.pilotlight.lifecycle;

import dev.pilotlight.engine.EngineReading.Answered;
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
import java.util.OptionalDouble;

/**
 * Whether the engine moves, rank by rank. Gauges that stand still prove nothing, and neither does a request that waits its turn on a
 * busy engine: a rank is stuck only when none of its counters moved for long <em>and</em> a request for one token got no answer.
 *
 * @param ranks by engine label
 * @param out the request that is out
 * @param attempts requests sent so far
 */
public record Progress(Map<String, Pulse> ranks, Optional<Out> out, int attempts) {
    public static final Progress NONE = new Progress(Map.of(), Optional.empty(), 0);

    /**
     * One rank's signs of life.
     *
     * @param signs at the newest reading
     * @param movedAt when one of them moved last, or an answer came
     * @param lost requests in a row that got no answer since then
     * @param askedAt when the last request was sent to it
     * @param stuck why it is held to be stuck; empty when it is not
     */
    public record Pulse(Signs signs, Instant movedAt, int lost, Optional<Instant> askedAt, Optional<String> stuck) {
        Pulse moved(Instant at) {
            return new Pulse(signs, at, 0, askedAt, Optional.empty());
        }
    }

    /**
     * What moves on a rank that works. The counters stand still while a long prompt is read, minutes for the longest; the share of the
     * KV cache then grows with each piece of it. The numbers of running and waiting requests are left out: a front end may count them.
     */
    public record Signs(
            OptionalDouble generationTokens,
            OptionalDouble promptTokens,
            OptionalDouble successes,
            OptionalDouble kvCacheUse) {
        static final Signs UNKNOWN = new Signs(
                OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty());

        static Signs of(Rank rank) {
            return new Signs(rank.generationTokens(), rank.promptTokens(), rank.successes(), rank.kvCacheUse());
        }

        boolean known() {
            return !equals(UNKNOWN);
        }
    }

    /** A request that is out. */
    public record Out(String rank, boolean underLoad, int attempt, Instant sentAt) {}

    /** What comes of looking: the state to keep, and the request to send. */
    public record Look(Progress progress, Optional<Effect.SendProbe> probe) {}

    public Progress {
        ranks = Map.copyOf(ranks);
    }

    /** Why the engine is held to be stuck, naming the rank where there are several. */
    public Optional<String> stuck() {
        return ranks.entrySet().stream()
                .filter(rank -> rank.getValue().stuck().isPresent())
                .min(Map.Entry.comparingByKey())
                .map(rank -> (ranks.size() > 1 ? "rank " + rank.getKey() + " " : "")
                        + rank.getValue().stuck().get());
    }

    /**
     * @param watching false while standing still is no news (loading, warming, suspended): all is forgotten then
     */
    public Look advance(
            EngineTrack engine,
            OwnTraffic own,
            Optional<ProbeOutcome> outcome,
            boolean watching,
            Optional<Model> model,
            LivenessPolicy policy,
            Instant now) {
        if (!watching) {
            return new Look(new Progress(Map.of(), Optional.empty(), attempts), Optional.empty());
        }
        Progress seen = look(engine, now).hear(engine, outcome);
        return seen.out.isPresent() || model.isEmpty()
                ? new Look(seen, Optional.empty())
                : seen.ask(engine, own, model.get(), policy, now);
    }

    /** Takes in the signs of life of the newest numbers. */
    private Progress look(EngineTrack engine, Instant now) {
        List<Rank> read =
                engine.numbers().map(numbers -> numbers.snapshot().ranks()).orElse(List.of());
        Map<String, Pulse> after = new LinkedHashMap<>();
        for (Rank rank : read) {
            Pulse before = ranks.get(rank.engine());
            Signs signs = Signs.of(rank);
            if (before == null || engine.replaced()) {
                after.put(rank.engine(), new Pulse(signs, now, 0, Optional.empty(), Optional.empty()));
            } else if (!before.signs().equals(signs)) {
                after.put(rank.engine(), new Pulse(signs, engine.latest().at(), 0, before.askedAt(), Optional.empty()));
            } else {
                after.put(rank.engine(), before);
            }
        }
        if (after.isEmpty()) {
            // No page to read: the requests alone have to tell.
            after.put(
                    "0", ranks.getOrDefault("0", new Pulse(Signs.UNKNOWN, now, 0, Optional.empty(), Optional.empty())));
        }
        return new Progress(after, out, attempts);
    }

    /**
     * Takes in how the request that was out ended. One that got no answer waits for a reading from after that: this process itself may
     * have stood still (a frozen node, a throttled container), and the engine have moved on meanwhile.
     */
    private Progress hear(EngineTrack engine, Optional<ProbeOutcome> outcome) {
        if (out.isEmpty()
                || outcome.filter(it -> it.attempt() == out.get().attempt()).isEmpty()
                || outcome.get() instanceof ProbeOutcome.TimedOut timedOut
                        && engine.latest().at().isBefore(timedOut.at())) {
            return this;
        }
        Out asked = out.get();
        Pulse pulse = ranks.get(asked.rank());
        if (pulse == null) {
            return new Progress(ranks, Optional.empty(), attempts);
        }
        Pulse after =
                switch (outcome.get()) {
                    case ProbeOutcome.Answered answered -> pulse.moved(answered.at());
                    case ProbeOutcome.TimedOut _ when pulse.movedAt().isAfter(asked.sentAt()) -> pulse;
                    case ProbeOutcome.TimedOut _ -> lost(pulse, asked, engine);
                    case ProbeOutcome.Inconclusive _ -> pulse;
                };
        Map<String, Pulse> next = new LinkedHashMap<>(ranks);
        next.put(asked.rank(), after);
        return new Progress(next, Optional.empty(), attempts);
    }

    /**
     * One canary beside work that was seen to stand is enough. While idle it takes two heartbeats, and so it does where no page came
     * since the canary was sent: a server too busy to send one may work all the same.
     */
    private static Pulse lost(Pulse pulse, Out asked, EngineTrack engine) {
        boolean seenToStand = engine.numbers()
                .filter(numbers -> !numbers.at().isBefore(asked.sentAt()))
                .isPresent();
        int lost = pulse.lost() + 1;
        Optional<String> stuck = asked.underLoad() && seenToStand || lost >= 2
                ? Optional.of("is stuck: " + (asked.underLoad() ? "work is in flight, " : "")
                        + "nothing moved since " + pulse.movedAt() + ", and " + lost
                        + (lost == 1 ? " request for one token" : " requests for one token in a row")
                        + " got no answer, the last sent at " + asked.sentAt())
                : pulse.stuck();
        return new Pulse(pulse.signs(), pulse.movedAt(), lost, pulse.askedAt(), stuck);
    }

    /** Sends a request to the rank that has stood still the longest, if any did for long enough. */
    private Look ask(EngineTrack engine, OwnTraffic own, Model model, LivenessPolicy policy, Instant now) {
        Optional<Map.Entry<String, Pulse>> due = ranks.entrySet().stream()
                .filter(rank -> isDue(rank.getKey(), rank.getValue(), engine, own, policy, now))
                .min(Comparator.comparing(rank -> rank.getValue().movedAt()));
        if (due.isEmpty()) {
            return new Look(this, Optional.empty());
        }
        String rank = due.get().getKey();
        Pulse pulse = due.get().getValue();
        Map<String, Pulse> next = new LinkedHashMap<>(ranks);
        next.put(rank, new Pulse(pulse.signs(), pulse.movedAt(), pulse.lost(), Optional.of(now), pulse.stuck()));
        int attempt = attempts + 1;
        Out asked = new Out(rank, worksOn(rank, engine, own) && pulse.signs().known(), attempt, now);
        return new Look(
                new Progress(next, Optional.of(asked), attempt),
                Optional.of(
                        new Effect.SendProbe(attempt, model, ranks.size() > 1 ? Optional.of(rank) : Optional.empty())));
    }

    private static boolean isDue(
            String rank, Pulse pulse, EngineTrack engine, OwnTraffic own, LivenessPolicy policy, Instant now) {
        boolean works = worksOn(rank, engine, own);
        if (works && !pulse.signs().known()) {
            return false; // A request behind real work whose progress cannot be seen proves nothing.
        }
        Duration quiet = works ? policy.stuckAfter() : policy.heartbeatEvery();
        if (quiet.isZero() || Duration.between(pulse.movedAt(), now).compareTo(quiet) < 0) {
            return false;
        }
        // After one that was lost the next follows at once, until the verdict stands; then at the usual pace.
        return pulse.lost() == 1 && pulse.stuck().isEmpty()
                || pulse.askedAt().isEmpty()
                || Duration.between(pulse.askedAt().get(), now).compareTo(quiet) >= 0;
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
