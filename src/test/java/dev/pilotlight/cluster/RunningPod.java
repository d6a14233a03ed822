package dev.pilotlight.cluster;

import dev.pilotlight.process.Child;
import dev.pilotlight.process.Image;
import dev.pilotlight.process.Web;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.SimulatedEngine;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * What a pod consists of here: an address of its own, a simulated engine at port 8000 and the packaged sidecar at port 9110, set up by
 * the environment of the pod's own "pilotlight" container.
 */
public final class RunningPod implements AutoCloseable {
    static final String SIDECAR = "pilotlight";

    private final Instant started = Instant.now();
    private final String name;
    private final String address;
    private final SimulatedEngine engine;
    private final Wire wire;
    private final List<String> command;
    private final Map<String, String> environment;
    private final Path folder;
    private volatile Child sidecar;
    private volatile int sidecarStarts;

    RunningPod(ControlPlane plane, Pod pod, String address, EngineOptions.Builder options, Map<String, String> settings)
            throws IOException {
        this.name = pod.getMetadata().getName();
        this.address = address;
        this.engine = SimulatedEngine.start(options.host(address).port(8000).build());
        this.wire = new Wire(new InetSocketAddress("127.0.0.1", plane.url().getPort()));
        Path folder = plane.home()
                .resolve("pods")
                .resolve(pod.getMetadata().getNamespace())
                .resolve(name);
        Files.createDirectories(folder);
        Path token = Files.writeString(folder.resolve("token"), plane.tokenFor(pod));
        this.folder = folder;
        this.command = Image.command(List.of());
        Map<String, String> all = new HashMap<>(declared(pod));
        all.putAll(Map.of(
                // A pod has a network of its own, with its own 127.0.0.1.
                "PILOTLIGHT_ENGINE_URL",
                "http://" + address + ":8000",
                "QUARKUS_HTTP_HOST",
                address,
                "PILOTLIGHT_GPU_SOURCE",
                "none",
                // What the kubelet gives each container, and where it mounts the token.
                "KUBERNETES_SERVICE_HOST",
                "127.0.0.1",
                "KUBERNETES_SERVICE_PORT",
                Integer.toString(wire.port()),
                "PILOTLIGHT_KUBE_TOKEN_FILE",
                token.toString(),
                "PILOTLIGHT_KUBE_CA_FILE",
                plane.authority().toString()));
        settings.forEach((key, value) ->
                all.put("PILOTLIGHT_" + key.toUpperCase(java.util.Locale.ROOT).replaceAll("[.-]", "_"), value));
        this.environment = Map.copyOf(all);
        restartSidecar();
    }

    /** The environment that the pod's own spec declares for the sidecar. */
    private Map<String, String> declared(Pod pod) {
        Map<String, String> declared = new HashMap<>();
        container(pod).map(Container::getEnv).orElse(List.of()).forEach(variable -> {
            String value = value(pod, variable);
            if (value != null) {
                declared.put(variable.getName(), value);
            }
        });
        return declared;
    }

    static Optional<Container> container(Pod pod) {
        return Stream.concat(pod.getSpec().getInitContainers().stream(), pod.getSpec().getContainers().stream())
                .filter(container -> container.getName().equals(SIDECAR))
                .findFirst();
    }

    private String value(Pod pod, EnvVar variable) {
        if (variable.getValueFrom() == null || variable.getValueFrom().getFieldRef() == null) {
            return variable.getValue();
        }
        String path = variable.getValueFrom().getFieldRef().getFieldPath();
        return switch (path) {
            case "metadata.name" -> name;
            case "metadata.namespace" -> pod.getMetadata().getNamespace();
            case "metadata.uid" -> pod.getMetadata().getUid();
            case "spec.nodeName" -> pod.getSpec().getNodeName();
            case "spec.serviceAccountName" -> pod.getSpec().getServiceAccountName();
            case "status.podIP" -> address;
            case "status.hostIP" -> "127.0.0.1";
            default -> {
                String label = path.startsWith("metadata.labels['") ? path.substring(17, path.length() - 2) : "";
                if (label.isEmpty()) {
                    throw new IllegalArgumentException("this kubelet does not know the field " + path);
                }
                yield pod.getMetadata().getLabels().get(label);
            }
        };
    }

    /** Starts the sidecar, again if it runs or ran. */
    public void restartSidecar() {
        if (sidecar != null) {
            sidecar.close();
        }
        sidecarStarts++;
        sidecar = new Child(command, environment, folder.resolve("sidecar-" + sidecarStarts + ".log"), false);
    }

    public String name() {
        return name;
    }

    public String address() {
        return address;
    }

    public SimulatedEngine engine() {
        return engine;
    }

    public Child sidecar() {
        return sidecar;
    }

    Wire wire() {
        return wire;
    }

    /** Cuts the sidecar, and nobody else, off the API server. */
    public void cutOff() {
        wire.cut();
    }

    public void reconnect() {
        wire.fix();
    }

    /** The sidecar stands still as a whole, as under a debugger or a stalled disk. */
    public void freezeSidecar() {
        Child.signal("STOP", sidecar.process().pid());
    }

    public void thawSidecar() {
        Child.signal("CONT", sidecar.process().pid());
    }

    public URI at(String path) {
        return URI.create("http://" + address + ":9110" + path);
    }

    public URI engineAt(String path) {
        return URI.create("http://" + address + ":8000" + path);
    }

    public JsonObject status() throws IOException, InterruptedException {
        return Web.get(at("/api/v1/status")).json();
    }

    /** The sum over the series that begin so: a name, or a name with the first of its labels. */
    public OptionalDouble metric(String beginning) throws IOException, InterruptedException {
        double[] values = Web.get(at("/metrics"))
                .body()
                .lines()
                .filter(line -> line.startsWith(beginning))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .toArray();
        return values.length == 0
                ? OptionalDouble.empty()
                : OptionalDouble.of(Arrays.stream(values).sum());
    }

    /** What it publishes now; empty while it says none. */
    public OptionalDouble load() throws IOException, InterruptedException {
        Web.Answer answer = Web.get(at("/api/v1/signals"));
        Double load = answer.status() == 200 ? answer.json().getDouble("load_ratio") : null;
        return load == null ? OptionalDouble.empty() : OptionalDouble.of(load);
    }

    /** The lines of the sidecar's log that contain this. */
    public List<String> logged(String part) {
        return sidecar.log().stream().filter(line -> line.contains(part)).toList();
    }

    boolean isReady() {
        try {
            return Web.get(at("/q/health/ready"), Duration.ofSeconds(1)).status() == 200;
        } catch (IOException unreachable) {
            return false;
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** The pod's status as the kubelet reports it. */
    JsonObject report(Pod pod, boolean ready) {
        return new JsonObject()
                .put("phase", "Running")
                .put("hostIP", "127.0.0.1")
                .put("podIP", address)
                .put("podIPs", List.of(new JsonObject().put("ip", address)))
                .put("startTime", second(started))
                .put(
                        "conditions",
                        Stream.of("PodScheduled", "Initialized", "ContainersReady", "Ready")
                                .map(type -> new JsonObject()
                                        .put("type", type)
                                        .put("status", ready || !type.endsWith("Ready") ? "True" : "False")
                                        .put("lastTransitionTime", second(Instant.now())))
                                .toList())
                .put("initContainerStatuses", statuses(pod.getSpec().getInitContainers(), ready))
                .put("containerStatuses", statuses(pod.getSpec().getContainers(), ready));
    }

    private List<JsonObject> statuses(List<Container> containers, boolean ready) {
        return containers.stream()
                .map(container -> new JsonObject()
                        .put("name", container.getName())
                        .put("image", container.getImage())
                        .put("imageID", container.getImage())
                        .put("ready", ready || !container.getName().equals(SIDECAR))
                        .put("started", true)
                        .put("restartCount", restarts(container))
                        .put(
                                "state",
                                new JsonObject().put("running", new JsonObject().put("startedAt", second(started)))))
                .toList();
    }

    int restarts() {
        return engine.starts() + sidecarStarts;
    }

    private int restarts(Container container) {
        return switch (container.getName()) {
            case SIDECAR -> sidecarStarts - 1;
            case "vllm" -> engine.starts() - 1;
            default -> 0;
        };
    }

    private static String second(Instant instant) {
        return Instant.ofEpochSecond(instant.getEpochSecond()).toString();
    }

    /** As the kubelet ends a pod: the preStop hook, then SIGTERM for all, then the end. */
    void terminate(Duration grace) throws InterruptedException {
        try {
            Web.drain(at("/"), grace);
        } catch (IOException _) {
            // a hook that fails holds nothing up
        }
        engine.terminate();
        sidecar.process().destroy();
        if (!sidecar.endsWithin(Duration.ofSeconds(5))) {
            sidecar.kill();
        }
        close();
    }

    @Override
    public void close() {
        sidecar.close();
        engine.close();
        wire.close();
    }
}
