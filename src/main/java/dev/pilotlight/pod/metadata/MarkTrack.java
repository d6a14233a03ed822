package dev.pilotlight.pod.metadata;

import dev.pilotlight.kube.Names;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.pod.OwnPod;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Keeps the pod's marks as they should be: at most one patch is out, and the next one goes only against a pod that was seen anew.
 *
 * @param mark what they should be
 * @param began when this sidecar did
 * @param last the patch sent last
 * @param sentAt when
 * @param attempts patches sent so far
 * @param due the patch to send in this turn
 * @param trouble why the marks can not be written; empty when they can
 */
public record MarkTrack(
        PodMark mark,
        Instant began,
        Optional<PodPatch> last,
        Instant sentAt,
        int attempts,
        Optional<PodPatch> due,
        Optional<String> trouble) {
    /** A sidecar that comes back beside a sound engine finds it ready within this: it need not mark it starting before. */
    private static final Duration SETTLED = Duration.ofSeconds(5);
    /** Somebody takes our marks away as soon as they are written: no use in a race. */
    private static final Duration UNDONE = Duration.ofMinutes(1);

    public static MarkTrack begin(Instant now) {
        return new MarkTrack(PodMark.begin(now), now, Optional.empty(), now, 0, Optional.empty(), Optional.empty());
    }

    public MarkTrack advance(
            PodMark.Look look, Optional<OwnPod> pod, Optional<PatchOutcome> outcome, MarkPolicy policy, Instant now) {
        PodMark next = mark.advance(look, policy, now);
        Optional<PatchOutcome> ofLast = outcome.filter(it -> it.attempt() == attempts);
        Optional<PodPatch> patch = pod.filter(seen -> !isComingBack(look, seen, now))
                .flatMap(seen -> PodPatch.of(seen, next.wanted(look, policy)))
                .filter(wanted -> mayGo(wanted, ofLast, now));
        return new MarkTrack(
                next,
                began,
                patch.or(() -> last),
                patch.isPresent() ? now : sentAt,
                patch.isPresent() ? attempts + 1 : attempts,
                patch,
                trouble(ofLast));
    }

    private boolean isComingBack(PodMark.Look look, OwnPod seen, Instant now) {
        return look.phase() instanceof Phase.Starting
                && seen.labels().containsKey(Names.PHASE)
                && Duration.between(began, now).compareTo(SETTLED) < 0;
    }

    private boolean mayGo(PodPatch wanted, Optional<PatchOutcome> outcome, Instant now) {
        if (last.isEmpty()) {
            return true;
        }
        boolean isSeenAnew = !wanted.version().equals(last.get().version());
        return switch (outcome.orElse(null)) {
            case null -> false;
            case PatchOutcome.Conflict _ -> isSeenAnew;
            case PatchOutcome.Applied _ ->
                isSeenAnew
                        && (!wanted.isLike(last.get())
                                || Duration.between(sentAt, now).compareTo(UNDONE) >= 0);
            case PatchOutcome.Failed failed -> !now.isBefore(failed.retryAt());
        };
    }

    private Optional<String> trouble(Optional<PatchOutcome> outcome) {
        return switch (outcome.orElse(null)) {
            case null -> trouble;
            case PatchOutcome.Applied _, PatchOutcome.Conflict _ -> Optional.empty();
            case PatchOutcome.Failed failed -> failed.answered() ? Optional.of(failed.why()) : trouble;
        };
    }
}
