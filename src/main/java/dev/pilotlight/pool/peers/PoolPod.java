package dev.pilotlight.pool.peers;

import dev.pilotlight.kube.Fields;
import dev.pilotlight.kube.Names;
import io.vertx.core.json.JsonObject;
import java.util.Optional;

/**
 * A pod of the pool as the API server shows it.
 *
 * @param address of the pod; empty before it has one
 * @param running its containers were started
 */
public record PoolPod(String name, Optional<String> address, boolean running, boolean terminating) {
    public static PoolPod of(JsonObject pod) {
        JsonObject metadata = Fields.object(pod, "metadata");
        return new PoolPod(
                Fields.text(metadata, "name").orElse(""),
                Fields.text(Fields.object(pod, "status"), "podIP").filter(address -> !address.isEmpty()),
                phase(pod).equals("Running"),
                isDeleted(metadata) || isOver(pod));
    }

    /** Whether it is in front of traffic: the Service of a managed pool takes it in. */
    public static boolean isServing(JsonObject pod) {
        JsonObject metadata = Fields.object(pod, "metadata");
        boolean isReady = Fields.objects(Fields.object(pod, "status"), "conditions").stream()
                .anyMatch(it -> "Ready".equals(it.getValue("type")) && "True".equals(it.getValue("status")));
        return isReady
                && !isDeleted(metadata)
                && "active".equals(Fields.object(metadata, "labels").getValue(Names.ROLE));
    }

    private static String phase(JsonObject pod) {
        return Fields.text(Fields.object(pod, "status"), "phase").orElse("");
    }

    private static boolean isDeleted(JsonObject metadata) {
        return Fields.text(metadata, "deletionTimestamp").isPresent();
    }

    /** A pod that has ended, or was evicted, stays listed. */
    private static boolean isOver(JsonObject pod) {
        String phase = phase(pod);
        return phase.equals("Succeeded") || phase.equals("Failed");
    }
}
