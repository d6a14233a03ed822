package dev.pilotlight.pool.plan;

import java.time.Duration;
import java.time.Instant;

/**
 * Whether any pod that the plan names serves. A plan that names none is worth no more than no plan: it may be immutable, or its leader
 * may be denied the write, and after a rollout all pods would stand by.
 *
 * @param servedAt when one of them was last seen to serve; the benefit of the doubt begins with the plan
 * @param askAt when to look next
 */
public record NamedPods(State state, Instant servedAt, Instant askAt) {
    /** What a look comes to. */
    public enum Sample {
        SERVING,
        NONE,
        /** The API server did not say. No sight is no evidence. */
        NOTHING
    }

    /** What has come of the looks. */
    public enum State {
        /** Not known yet. */
        UNKNOWN,
        SERVING,
        /** None serves, but not for long. */
        SILENT,
        /** None has served for {@code orphan-after}. */
        LOST
    }

    public static NamedPods begin(Instant now) {
        return new NamedPods(State.UNKNOWN, now, now);
    }

    /** While the plan names the own pod, whose phase says whether it serves. */
    public static NamedPods own(Instant now, Duration pause) {
        return new NamedPods(State.SERVING, now, now.plus(pause));
    }

    /** Another plan: what was held against the last one is looked at again, and at once. */
    public NamedPods replanned(Instant now) {
        return state == State.SERVING ? this : new NamedPods(state, servedAt, now);
    }

    public NamedPods advance(Sample seen, Duration orphanAfter, Duration pause, Instant now) {
        return switch (seen) {
            case SERVING -> new NamedPods(State.SERVING, now, now.plus(pause));
            case NOTHING -> {
                boolean held = state == State.SILENT || state == State.LOST;
                yield new NamedPods(state, held ? servedAt : now, now.plus(pause));
            }
            case NONE -> {
                Instant due = servedAt.plus(orphanAfter);
                boolean lost = state == State.LOST || !now.isBefore(due);
                Instant next = now.plus(pause);
                yield new NamedPods(
                        lost ? State.LOST : State.SILENT, servedAt, !lost && due.isBefore(next) ? due : next);
            }
        };
    }
}
