package dev.pilotlight.engine;

import dev.pilotlight.engine.EngineReading.Answered;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Which processes have answered at the engine's address: whether there is more than one behind it.
 *
 * @param starts of the processes, as their pages say it, the newest last; of each the latest that it said
 * @param changes when one followed another without a refused connection in between, the latest of them
 * @param alternatesAt when it was last seen that several answer by turns
 */
public record Identity(List<Double> starts, List<Instant> changes, Optional<Instant> alternatesAt) {
    static final Identity NONE = new Identity(List.of(), List.of(), Optional.empty());

    private static final int REMEMBERED = 16;
    /** A process that is started loads first, and refuses meanwhile. */
    private static final int CHANGES = 3;

    private static final Duration WITHIN = Duration.ofSeconds(30);

    public Identity {
        starts = List.copyOf(starts);
        changes = List.copyOf(changes);
    }

    /**
     * @param isNew whether another process answers
     * @param isChange whether none was refused meanwhile
     */
    Identity advance(Optional<Answered> page, boolean isNew, boolean isChange, Instant at) {
        OptionalDouble start = page.map(it -> it.snapshot().processStart()).orElse(OptionalDouble.empty());
        boolean isKnown = start.isPresent() && starts.contains(start.getAsDouble());
        boolean isLast = isKnown && starts.getLast() == start.getAsDouble();
        if (!isChange && (isLast || start.isEmpty())) {
            return this;
        }
        List<Double> known = new ArrayList<>(starts);
        if (!isNew && !isKnown && !known.isEmpty()) {
            // Its clock was set, or a gateway says its own: a start that moves alone is no other process.
            known.removeLast();
        }
        start.ifPresent(known::remove);
        start.ifPresent(known::add);
        List<Instant> lately = new ArrayList<>(changes);
        if (isChange) {
            lately.add(at);
        }
        lately.removeIf(it -> it.isBefore(at.minus(WITHIN)));
        boolean alternates = isKnown && !isLast || lately.size() >= CHANGES;
        return new Identity(
                known.subList(Math.max(0, known.size() - REMEMBERED), known.size()),
                lately,
                alternates ? Optional.of(at) : alternatesAt);
    }
}
