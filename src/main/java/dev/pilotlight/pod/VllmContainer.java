package dev.pilotlight.pod;

import dev.pilotlight.kube.Fields;
import dev.pilotlight.range.Range;
import dev.pilotlight.vllmpod.ContainerSpec;
import dev.pilotlight.vllmpod.VllmArguments;
import dev.pilotlight.vllmpod.VllmServer;
import dev.pilotlight.vllmpod.VllmServer.Found;
import dev.pilotlight.vllmpod.VllmServer.Rank;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The container that vLLM runs in.
 *
 * @param address that alone it listens at; empty where loopback does
 * @param restarts how often the kubelet has started it again
 * @param startedAt when its present process began
 * @param hooks what of its spec calls the sidecar
 */
public record VllmContainer(
        String name,
        VllmArguments arguments,
        Optional<String> address,
        int restarts,
        Optional<Instant> startedAt,
        Hooks hooks) {
    static final String SIDECAR = "pilotlight";

    private static final Pattern NUMERIC = Pattern.compile("[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

    /**
     * @param livenessProbe its liveness probe asks for the verdict
     * @param preStop its preStop hook drains
     */
    public record Hooks(boolean livenessProbe, boolean preStop) {
        /** By the path that each calls, in a URL or in a script. */
        static Hooks of(JsonObject container) {
            return new Hooks(
                    says(container.getValue("livenessProbe"), "/q/health/group/engine"),
                    container.getValue("lifecycle") instanceof JsonObject lifecycle
                            && says(lifecycle.getValue("preStop"), "/api/v1/drain"));
        }

        private static boolean says(Object hook, String path) {
            return hook instanceof JsonObject there && there.encode().contains(path);
        }
    }

    /** The one that is set; else the one that is known to start a server; else the only one beside ours. */
    static Optional<VllmContainer> of(JsonObject pod, Map<String, String> labels, Optional<String> named) {
        List<ContainerSpec> containers = ContainerSpec.all(Fields.object(pod, "spec"), "containers").stream()
                .filter(it -> !it.name().equals(SIDECAR))
                .toList();
        Optional<VllmContainer> found =
                VllmServer.in(containers, named, Rank.of(labels)) instanceof Found.One(VllmServer server)
                        ? Optional.of(of(server.container().name(), server.arguments(), pod))
                        : Optional.empty();
        return found.or(() -> named.isEmpty() && containers.size() == 1
                ? Optional.of(of(containers.getFirst().name(), VllmArguments.NONE, pod))
                : Optional.empty());
    }

    private static VllmContainer of(String name, VllmArguments arguments, JsonObject pod) {
        Optional<JsonObject> status = Fields.objects(Fields.object(pod, "status"), "containerStatuses").stream()
                .filter(it -> name.equals(it.getValue("name")))
                .findFirst();
        return new VllmContainer(
                name,
                arguments,
                arguments.access().elsewhere().flatMap(host -> literal(host).or(() -> ownAddress(pod))),
                status.map(it -> Range.COUNT.whole(it.getValue("restartCount")).orElse(0))
                        .orElse(0),
                status.map(it -> Fields.object(Fields.object(it, "state"), "running"))
                        .flatMap(it -> Fields.text(it, "startedAt"))
                        .flatMap(VllmContainer::instant),
                Fields.objects(Fields.object(pod, "spec"), "containers").stream()
                        .filter(it -> name.equals(it.getValue("name")))
                        .findFirst()
                        .map(Hooks::of)
                        .orElse(new Hooks(false, false)));
    }

    /** As it stands in a URL. */
    private static Optional<String> literal(String host) {
        try {
            String named = host.contains(":") ? "[" + host + "]" : host;
            return Optional.ofNullable(URI.create("http://" + named).getHost())
                    .filter(_ -> NUMERIC.matcher(host).matches());
        } catch (IllegalArgumentException none) {
            return Optional.empty();
        }
    }

    /** What a name of this machine, or a variable that the spec does not hold, comes to. */
    private static Optional<String> ownAddress(JsonObject pod) {
        return Fields.text(Fields.object(pod, "status"), "podIP").flatMap(VllmContainer::literal);
    }

    static Optional<Instant> instant(String text) {
        try {
            return Optional.of(Instant.parse(text));
        } catch (DateTimeParseException odd) {
            return Optional.empty();
        }
    }
}
