package dev.pilotlight.pod.metadata;

import dev.pilotlight.kube.ApiServer;
import dev.pilotlight.kube.Backoff;
import dev.pilotlight.kube.Call;
import dev.pilotlight.kube.Informer;
import dev.pilotlight.kube.Names;
import dev.pilotlight.kube.Retries;
import dev.pilotlight.kube.Rights;
import dev.pilotlight.pod.OwnPod;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** Sends the patches of the own pod, one at a time as they are asked for, and says how each ended. */
public final class MetadataPatcher {
    /** Rights may be given later: tried again, but seldom. */
    private static final Duration DENIED = Duration.ofMinutes(5);

    private final ApiServer api;
    private final String path;
    private final Informer<OwnPod> pod;
    private final Supplier<Instant> clock;
    private final RandomGenerator chance;
    private final AtomicReference<Retries> retries = new AtomicReference<>(Retries.NONE);

    public MetadataPatcher(
            ApiServer api,
            String namespace,
            String name,
            Informer<OwnPod> pod,
            Supplier<Instant> clock,
            RandomGenerator chance) {
        this.api = api;
        this.path = Names.pods(namespace) + "/" + name;
        this.pod = pod;
        this.clock = clock;
        this.chance = chance;
    }

    public PatchOutcome send(MetadataPatch patch, int attempt) {
        Call call = Call.mergePatch(path, patch.body());
        ApiServer.Answer answer = api.send(call);
        Instant now = clock.get();
        if (answer.object().isPresent()) {
            retries.updateAndGet(Retries::succeeded);
            pod.offer(answer.object().get());
            return new PatchOutcome.Applied(attempt, now);
        }
        if (answer.is(409)) {
            return new PatchOutcome.Conflict(attempt, now);
        }
        Duration pause = retries.updateAndGet(it -> it.failed(answer)).pause(answer, Backoff.DEFAULT, DENIED, chance);
        return new PatchOutcome.Failed(
                attempt,
                // A patch that is wrong, or that a policy denies, will be so the next time.
                now.plus(answer.is(422) ? DENIED : pause),
                answer instanceof ApiServer.Answer.Got,
                "the pod's labels cannot be written: " + Rights.why(call, answer));
    }
}
