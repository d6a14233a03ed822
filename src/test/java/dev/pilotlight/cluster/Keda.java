package dev.pilotlight.cluster;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Child;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.Said;
import io.fabric8.kubernetes.api.model.Secret;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * The real KEDA, operator and metrics adapter, behind the API server: with its own definitions and RBAC rules, and with the certificates
 * that its operator makes for both.
 */
final class Keda implements AutoCloseable {
    private static final String NAMESPACE = "keda";
    private static final String ACCOUNT = "keda-operator";
    private static final String CERTIFICATES = "kedaorg-certs";
    private static final String API = "external.metrics.k8s.io/v1beta1";
    private static final Duration BUILD_AND_START = Duration.ofMinutes(40);
    private static final Map<String, String> ENVIRONMENT =
            Map.of("WATCH_NAMESPACE", "", "POD_NAMESPACE", NAMESPACE, "KEDA_CLUSTER_OBJECT_NAMESPACE", NAMESPACE);

    private final ControlPlane plane;
    private final Path programs;
    private final Path home;
    private final Path certificates;
    private final String kubeconfig;
    private final int metricsService = PackagedSidecar.freePort();
    private final int api = PackagedSidecar.freePort();
    private final Thread kubelet;
    private volatile Child operator;
    private volatile Child adapter;
    private volatile int starts;
    private volatile boolean closed;

    private Keda(ControlPlane plane) throws IOException {
        this.plane = plane;
        programs = Path.of(Said.by(new ProcessBuilder("scripts/keda/keda.sh"))
                .orFail()
                .lines()
                .toList()
                .getLast());
        home = Files.createDirectories(plane.home().resolve(NAMESPACE));
        certificates = Files.createDirectories(home.resolve("certificates"));
        install();
        kubeconfig = kubeconfig();
        operator = operator();
        kubelet = Thread.ofVirtual().start(this::playKubelet);
    }

    static Keda start(ControlPlane plane) throws IOException {
        Keda keda = new Keda(plane);
        Await.until("KEDA's metrics adapter answers", BUILD_AND_START, () -> {
            if (keda.adapter != null && !keda.adapter.isAlive()) {
                throw new Await.Hopeless("the adapter did not start; " + keda.adapter.lastOfLog());
            }
            if (keda.starts > 5) {
                throw new Await.Hopeless("the operator ends again and again; " + keda.operator.lastOfLog());
            }
            return plane.kubectl("get", "--raw", "/apis/" + API).code() == 0;
        });
        return keda;
    }

    /** What its release manifests make, but for the Deployments: nobody here could run their images. */
    private void install() throws IOException {
        for (String folder : List.of("general", "crd", "service_account", "rbac")) {
            apply("-k", programs.resolve("config").resolve(folder));
        }
        Path server = programs.resolve("config/metrics-server");
        for (String file : List.of("role.yaml", "role_binding.yaml", "api_service.yaml")) {
            apply("-f", server.resolve(file));
        }
        // A Service that leads out of the cluster, since nothing in here has an address that the API server could
        // reach.
        apply("-f", Files.writeString(home.resolve("service.yaml"), """
                apiVersion: v1
                kind: Service
                metadata: { name: keda-metrics-apiserver, namespace: keda }
                spec: { type: ExternalName, externalName: 127.0.0.1 }
                """));
        plane.kubectl(
                        "patch",
                        "apiservice",
                        "v1beta1.external.metrics.k8s.io",
                        "--type=merge",
                        "-p",
                        "{\"spec\":{\"service\":{\"port\":" + api + "}}}")
                .orFail();
    }

    /** By the server: the definitions are too large for the annotation of a client's. */
    private void apply(String kind, Path what) {
        plane.kubectl("apply", "--server-side", kind, what.toString()).orFail();
    }

    /** Of its own service account, so that its own RBAC rules say what it may. */
    private String kubeconfig() throws IOException {
        JsonObject user = new JsonObject().put("token", plane.tokenFor(NAMESPACE, ACCOUNT));
        JsonObject cluster = new JsonObject()
                .put("server", plane.url().toString())
                .put("certificate-authority", plane.authority().toString());
        JsonObject context = new JsonObject().put("cluster", "here").put("user", "keda");
        JsonObject config = new JsonObject()
                .put("apiVersion", "v1")
                .put("kind", "Config")
                .put("clusters", named("here", "cluster", cluster))
                .put("users", named("keda", "user", user))
                .put("contexts", named("here", "context", context))
                .put("current-context", "here");
        return Files.writeString(home.resolve("kubeconfig"), config.encode()).toString();
    }

    private static JsonArray named(String name, String kind, JsonObject what) {
        return JsonArray.of(new JsonObject().put("name", name).put(kind, what));
    }

    private Child operator() {
        starts++;
        List<String> command = List.of(
                programs.resolve("operator").toString(),
                "--kubeconfig=" + kubeconfig,
                "--enable-cert-rotation=true",
                "--enable-webhook-patching=false",
                "--cert-dir=" + certificates,
                "--metrics-bind-address=0",
                "--health-probe-bind-address=0",
                "--metrics-service-bind-address=127.0.0.1:" + metricsService,
                "--zap-log-level=info",
                "--zap-encoder=console",
                "--zap-time-encoding=rfc3339");
        return new Child(command, ENVIRONMENT, home.resolve("operator-" + starts + ".log"), false);
    }

    private Child adapter() {
        List<String> command = List.of(
                programs.resolve("adapter").toString(),
                "--kubeconfig=" + kubeconfig,
                "--lister-kubeconfig=" + kubeconfig,
                "--authentication-kubeconfig=" + kubeconfig,
                "--authorization-kubeconfig=" + kubeconfig,
                "--bind-address=127.0.0.1",
                "--secure-port=" + api,
                "--port=0",
                "--metrics-service-address=127.0.0.1:" + metricsService,
                "--metrics-service-grpc-authority=keda-operator." + NAMESPACE + ".svc",
                "--client-ca-file=" + certificates.resolve("ca.crt"),
                "--tls-cert-file=" + certificates.resolve("tls.crt"),
                "--tls-private-key-file=" + certificates.resolve("tls.key"),
                "--cert-dir=" + certificates);
        return new Child(command, ENVIRONMENT, home.resolve("adapter.log"), false);
    }

    /** Starts the operator again when it ends, as it does on purpose once it has made the certificates, and mounts these. */
    private void playKubelet() {
        while (!closed) {
            if (!operator.isAlive()) {
                operator.close();
                operator = operator();
            }
            if (adapter == null && mounted()) {
                adapter = adapter();
            }
            LockSupport.parkNanos(Duration.ofMillis(500).toNanos());
        }
    }

    private boolean mounted() {
        Secret secret = plane.admin()
                .secrets()
                .inNamespace(NAMESPACE)
                .withName(CERTIFICATES)
                .get();
        if (secret == null || secret.getData() == null || !secret.getData().containsKey("tls.crt")) {
            return false;
        }
        secret.getData().forEach((name, value) -> {
            try {
                Files.write(certificates.resolve(name), Base64.getDecoder().decode(value));
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        });
        return true;
    }

    /** The lines of the operator's log, since it last started, that contain this. */
    List<String> logged(String part) {
        return operator.log().stream().filter(line -> line.contains(part)).toList();
    }

    @Override
    public void close() {
        closed = true;
        try {
            kubelet.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        if (adapter != null) {
            adapter.close();
        }
        operator.close();
    }
}
