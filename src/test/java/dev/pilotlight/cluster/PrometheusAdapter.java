package dev.pilotlight.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.pilotlight.process.Await;
import dev.pilotlight.process.Child;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.PrometheusServer;
import dev.pilotlight.process.Said;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The real prometheus-adapter, set up as its Helm chart does with k8s/autoscaling/prometheus-adapter/values.yaml, behind the API server. */
final class PrometheusAdapter implements AutoCloseable {
    private static final Path VALUES = Path.of("k8s/autoscaling/prometheus-adapter/values.yaml");
    private static final Duration SOON = Duration.ofMinutes(2);

    private final Child child;

    private PrometheusAdapter(Child child) {
        this.child = child;
    }

    static PrometheusAdapter start(ControlPlane plane, PrometheusServer prometheus) throws IOException {
        YAMLMapper yaml = new YAMLMapper();
        JsonNode values = yaml.readTree(VALUES.toFile());
        Path home = Files.createDirectories(plane.home().resolve("adapter"));
        // What the chart makes of rules.custom and rules.external.
        ObjectNode rules = yaml.createObjectNode();
        rules.set("rules", values.at("/rules/custom"));
        rules.set("externalRules", values.at("/rules/external"));
        yaml.writeValue(home.resolve("config.yaml").toFile(), rules);

        int port = PackagedSidecar.freePort();
        String kubeconfig = plane.kubeconfig().toString();
        List<String> command = new ArrayList<>(List.of(
                Said.by(new ProcessBuilder("scripts/cluster/adapter.sh"))
                        .orFail()
                        .lines()
                        .toList()
                        .getLast(),
                "--config=" + home.resolve("config.yaml"),
                "--prometheus-url=" + prometheus.url(),
                "--metrics-relist-interval="
                        + values.path("metricsRelistInterval").asText(),
                "--bind-address=127.0.0.1",
                "--secure-port=" + port,
                "--cert-dir=" + home,
                "--lister-kubeconfig=" + kubeconfig,
                "--authentication-kubeconfig=" + kubeconfig,
                "--authorization-kubeconfig=" + kubeconfig));
        values.path("extraArguments").forEach(argument -> command.add(argument.asText()));
        PrometheusAdapter adapter =
                new PrometheusAdapter(new Child(command, Map.of(), home.resolve("adapter.log"), false));
        plane.apply("default", Files.writeString(home.resolve("apis.yaml"), apis(port)));
        Await.until("the adapter answers", SOON, () -> {
            if (!adapter.child.isAlive()) {
                throw new Await.Hopeless("the adapter did not start; " + adapter.child.lastOfLog());
            }
            return plane.kubectl("get", "--raw", "/apis/custom.metrics.k8s.io/v1beta1")
                            .code()
                    == 0;
        });
        return adapter;
    }

    /** A Service that leads out of the cluster, since nothing in here has an address that the API server could reach. */
    private static String apis(int port) {
        String service = """
                apiVersion: v1
                kind: Service
                metadata: { name: prometheus-adapter, namespace: default }
                spec: { type: ExternalName, externalName: 127.0.0.1 }
                """;
        return Stream.concat(Stream.of(service), Stream.of("custom", "external").map(kind -> """
                                apiVersion: apiregistration.k8s.io/v1
                                kind: APIService
                                metadata: { name: v1beta1.%1$s.metrics.k8s.io }
                                spec:
                                  group: %1$s.metrics.k8s.io
                                  version: v1beta1
                                  groupPriorityMinimum: 100
                                  versionPriority: 100
                                  insecureSkipTLSVerify: true
                                  service: { name: prometheus-adapter, namespace: default, port: %2$d }
                                """.formatted(kind, port)))
                .reduce((left, right) -> left + "---\n" + right)
                .orElseThrow();
    }

    @Override
    public void close() {
        child.close();
    }
}
