package dev.pilotlight.cluster;

import dev.pilotlight.kube.Fields;
import dev.pilotlight.kube.Names;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Looks for the one mistake that takes a deployment down: a Service that selects on the role while the role only reports. A quiet pod
 * is called standby then, leaves the Service, gets no traffic, and so stays standby for ever.
 */
final class ServiceCheck {
    private ServiceCheck() {}

    /** @param labels of the own pod */
    static Optional<String> warning(List<JsonObject> services, Map<String, String> labels) {
        return services.stream()
                .filter(service -> selectsOnRole(service, labels))
                .map(service ->
                        Fields.text(Fields.object(service, "metadata"), "name").orElse(""))
                .findFirst()
                .map(name -> "Service " + name + " selects on " + Names.ROLE + ", and pilotlight.pool.mode is observe:"
                        + " a pod that is quiet once will never see traffic again; take the label out of the selector,"
                        + " or run the pool with pilotlight.pool.mode=managed");
    }

    /** On the role, and on nothing else that this pod has not. */
    private static boolean selectsOnRole(JsonObject service, Map<String, String> labels) {
        JsonObject selector = Fields.object(Fields.object(service, "spec"), "selector");
        return selector.containsKey(Names.ROLE)
                && selector.stream()
                        .filter(entry -> !entry.getKey().startsWith(Names.PREFIX))
                        .allMatch(entry ->
                                entry.getValue() instanceof String value && value.equals(labels.get(entry.getKey())));
    }
}
