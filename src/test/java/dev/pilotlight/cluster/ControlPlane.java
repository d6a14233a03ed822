package dev.pilotlight.cluster;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Child;
import dev.pilotlight.process.Said;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.authentication.TokenRequest;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A real control plane on loopback: etcd, API server, controllers and scheduler, built and started by scripts/cluster/cluster.sh. It has
 * one node, called "here", and no kubelet: a {@link Kubelet} plays it.
 */
public final class ControlPlane implements AutoCloseable {
    private static final String SCRIPT = "scripts/cluster/cluster.sh";
    private static final Duration BUILD_AND_START = Duration.ofMinutes(30);

    private static ControlPlane shared;

    private final AtomicInteger namespaces = new AtomicInteger();
    private final List<KubernetesClient> clients = new ArrayList<>();
    private final Path home;
    private final Child child;
    private final Config config;
    private final KubernetesClient admin;

    private ControlPlane(Path home, Child child) {
        this.home = home;
        this.child = child;
        this.config = Config.fromKubeconfig(read(kubeconfig()));
        this.admin = client(config);
    }

    /** The one that all tests of this process share; it ends with the process. */
    public static synchronized ControlPlane shared() {
        if (shared == null) {
            shared = start("shared");
        }
        return shared;
    }

    /** A new one; builds it if need be. */
    public static ControlPlane start(String name) {
        Path home = Path.of("target/cluster", name).toAbsolutePath();
        delete(home);
        Child child = new Child(List.of(SCRIPT, "run", home.toString()), Map.of(), Path.of(home + ".log"), true);
        Await.until("the control plane answers", BUILD_AND_START, () -> {
            if (!child.isAlive()) {
                throw new Await.Hopeless("the control plane did not start; " + child.lastOfLog());
            }
            return Files.exists(home.resolve("ready"));
        });
        return new ControlPlane(home, child);
    }

    /** The components that can fail. */
    public enum Component {
        ETCD("etcd"),
        API_SERVER("kube-apiserver"),
        CONTROLLER_MANAGER("kube-controller-manager"),
        SCHEDULER("kube-scheduler");

        private final String program;

        Component(String program) {
            this.program = program;
        }
    }

    /** A client of its own with every right. */
    public KubernetesClient admin() {
        return admin;
    }

    /** A client that shows this token and has its rights. */
    public KubernetesClient as(String token) {
        return client(new ConfigBuilder()
                .withAutoConfigure(false)
                .withMasterUrl(url().toString())
                .withCaCertFile(authority().toString())
                .withOauthToken(token)
                .withRequestRetryBackoffLimit(0)
                .build());
    }

    private KubernetesClient client(Config config) {
        KubernetesClient client =
                new KubernetesClientBuilder().withConfig(config).build();
        clients.add(client);
        return client;
    }

    public URI url() {
        return URI.create(read(home.resolve("url")).strip());
    }

    /** The certificate of the authority that vouches for the API server. */
    public Path authority() {
        return home.resolve("ca.crt");
    }

    public Path kubeconfig() {
        return home.resolve("admin.kubeconfig");
    }

    /** Where its logs and its audit log are. */
    public Path home() {
        return home;
    }

    /** A new namespace with its default service account, called for what happens in it. */
    public String namespace(String purpose) {
        String name = purpose + "-" + namespaces.incrementAndGet();
        admin.namespaces()
                .resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .build())
                .create();
        Await.until(
                "the namespace's service account",
                Duration.ofSeconds(10),
                () -> admin.serviceAccounts()
                                .inNamespace(name)
                                .withName("default")
                                .get()
                        != null);
        return name;
    }

    /** A token of the pod's service account that is bound to the pod, as the kubelet mounts it. */
    public String tokenFor(Pod pod) {
        return token(
                pod.getMetadata().getNamespace(),
                pod.getSpec().getServiceAccountName(),
                new TokenRequestBuilder()
                        .withNewSpec()
                        .withExpirationSeconds(3600L)
                        .withNewBoundObjectRef()
                        .withApiVersion("v1")
                        .withKind("Pod")
                        .withName(pod.getMetadata().getName())
                        .withUid(pod.getMetadata().getUid())
                        .endBoundObjectRef()
                        .endSpec()
                        .build());
    }

    /** A token of a service account that is bound to no pod. */
    public String tokenFor(String namespace, String serviceAccount) {
        return token(
                namespace,
                serviceAccount,
                new TokenRequestBuilder()
                        .withNewSpec()
                        .withExpirationSeconds(3600L)
                        .endSpec()
                        .build());
    }

    private String token(String namespace, String serviceAccount, TokenRequest request) {
        return admin.serviceAccounts()
                .inNamespace(namespace)
                .withName(serviceAccount)
                .tokenRequest(request)
                .getStatus()
                .getToken();
    }

    /** Runs kubectl with every right. */
    public Said kubectl(String... arguments) {
        List<String> command = new ArrayList<>(List.of(SCRIPT, "kubectl"));
        command.addAll(List.of(arguments));
        return run(command);
    }

    private Said run(List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("KUBECONFIG", kubeconfig().toString());
        return Said.by(builder);
    }

    /** Applies a kustomization or a file of manifests; an error is one of the test. */
    public void apply(String namespace, Path what) {
        kubectl("apply", "-n", namespace, Files.isDirectory(what) ? "-k" : "-f", what.toString())
                .orFail();
    }

    /** What a sidecar needs in a namespace: k8s/cluster, and there k8s/base. */
    public void rights(String namespace) {
        apply(namespace, Path.of("k8s/cluster"));
        apply(namespace, Path.of("k8s/base"));
    }

    /** Ends a component by force and keeps it down: connections to the API server are refused. */
    public void stop(Component component) {
        run(List.of(SCRIPT, "stop", home.toString(), component.program)).orFail();
    }

    /** Lets it come back; an API server answers some seconds later. */
    public void start(Component component) {
        run(List.of(SCRIPT, "start", home.toString(), component.program)).orFail();
    }

    /** Stops its process in mid-air: connections to the API server are taken and nothing answers. */
    public void freeze(Component component) {
        run(List.of("kill", "-STOP", pid(component))).orFail();
    }

    public void thaw(Component component) {
        run(List.of("kill", "-CONT", pid(component))).orFail();
    }

    public void awaitAnswer() {
        Await.until(
                "the API server answers",
                Duration.ofSeconds(60),
                () -> kubectl("get", "--raw", "/readyz").code() == 0);
    }

    private String pid(Component component) {
        return read(home.resolve(component.program + ".pid")).strip();
    }

    /** One request as the API server wrote it down. */
    public record Request(
            Instant at, String verb, String resource, String name, String user, String agent, int status) {
        private static Request of(String line) {
            JsonObject event = new JsonObject(line);
            JsonObject object = event.getJsonObject("objectRef", new JsonObject());
            String subresource = object.getString("subresource");
            return new Request(
                    Instant.parse(event.getString("requestReceivedTimestamp")),
                    event.getString("verb"),
                    object.getString("resource", "") + (subresource == null ? "" : "/" + subresource),
                    object.getString("name", ""),
                    event.getJsonObject("user", new JsonObject()).getString("username", ""),
                    event.getString("userAgent", ""),
                    event.getJsonObject("responseStatus", new JsonObject()).getInteger("code", 0));
        }

        public boolean writes() {
            return switch (verb) {
                case "create", "update", "patch", "delete", "deletecollection" -> true;
                default -> false;
            };
        }
    }

    /** All requests that concern a namespace, the oldest first: the API server's own record of them. */
    public List<Request> requests(String namespace) {
        String mark = "\"namespace\":\"" + namespace + "\"";
        try (Stream<String> lines = Files.lines(home.resolve("audit.log"))) {
            // A watch is written down when it begins, and again when it ends.
            return lines.filter(line -> line.endsWith("}") && line.contains(mark))
                    .filter(line ->
                            !line.contains("\"verb\":\"watch\"") || line.contains("\"stage\":\"ResponseStarted\""))
                    .map(Request::of)
                    .toList();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public void close() {
        clients.forEach(KubernetesClient::close);
        child.close();
    }
}
