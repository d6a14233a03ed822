package dev.pilotlight.pod.metadata;

import dev.pilotlight.kube.Names;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.pod.OwnPod;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Keeps the pod's labels and annotations as they should be: at most one patch is out, and the next one goes only against a pod that was read again.
 *
 * @param desired what they should be
 * @param began when this sidecar did
 * @param last the patch sent last
 * @param sentAt when
 * @param attempts patches sent so far
 * @param due the patch to send in this turn
 * @param trouble why they cannot be written; empty when they can
 */
public record MetadataTrack(
        DesiredMetadata desired,
        Instant began,
        Optional<MetadataPatch> last,
        Instant sentAt,
        int attempts,
        Optional<MetadataPatch> due,
        Optional<String> trouble) {
    /** A sidecar that comes back beside a sound engine finds it ready within this: it need not say "starting" before. */
    private static final Duration SETTLED = Duration.ofSeconds(5);
    /** Somebody takes our labels away as soon as they are written: no use in a race. */
    private static final Duration UNDONE = Duration.ofMinutes(1);

    public static MetadataTrack begin(Instant now) {
        return new MetadataTrack(
                DesiredMetadata.begin(now), now, Optional.empty(), now, 0, Optional.empty(), Optional.empty());
    }

    public MetadataTrack advance(
            DesiredMetadata.Inputs inputs,
            Optional<OwnPod> pod,
            Optional<PatchOutcome> outcome,
            MetadataPolicy policy,
            Instant now) {
        DesiredMetadata next = desired.advance(inputs, policy, now);
        Optional<PatchOutcome> ofLast = outcome.filter(it -> it.attempt() == attempts);
        Optional<MetadataPatch> patch = pod.filter(seen -> !isComingBack(inputs, seen, now))
                .flatMap(seen -> MetadataPatch.of(seen, next.wanted(inputs, policy)))
                .filter(wanted -> mayGo(wanted, ofLast, now));
        return new MetadataTrack(
                next,
                began,
                patch.or(() -> last),
                patch.isPresent() ? now : sentAt,
                patch.isPresent() ? attempts + 1 : attempts,
                patch,
                trouble(ofLast));
    }

    private boolean isComingBack(DesiredMetadata.Inputs inputs, OwnPod seen, Instant now) {
        return inputs.phase() instanceof Phase.Starting
                && seen.labels().containsKey(Names.PHASE)
                && Duration.between(began, now).compareTo(SETTLED) < 0;
    }

    private boolean mayGo(MetadataPatch wanted, Optional<PatchOutcome> outcome, Instant now) {
        if (last.isEmpty()) {
            return true;
        }
        boolean isReadAgain = !wanted.version().equals(last.get().version());
        return switch (outcome.orElse(null)) {
            case null -> false;
            case PatchOutcome.Conflict _ -> isReadAgain;
            case PatchOutcome.Applied _ ->
                isReadAgain
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
