package dev.pilotlight.cluster;

import dev.pilotlight.process.Await;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** The Deployment called "vllm" of a namespace, made from cluster/deployment.yaml, and its pods as the API server has them. */
public final class Workload {
    private final KubernetesClient admin;
    private final String namespace;

    private Workload(KubernetesClient admin, String namespace) {
        this.admin = admin;
        this.namespace = namespace;
    }

    /** Creates it; {@code k8s/base} must be there, for the service account. */
    public static Workload create(ControlPlane plane, String namespace, int replicas) {
        return create(plane, namespace, replicas, "pilotlight");
    }

    /** The one that is there already. */
    static Workload existing(ControlPlane plane, String namespace) {
        return new Workload(plane.admin(), namespace);
    }

    /** @param account that its pods run as */
    static Workload create(ControlPlane plane, String namespace, int replicas, String account) {
        plane.admin()
                .apps()
                .deployments()
                .inNamespace(namespace)
                .resource(new DeploymentBuilder(template(plane.admin()))
                        .editSpec()
                        .withReplicas(replicas)
                        .editTemplate()
                        .editSpec()
                        .withServiceAccountName(account)
                        .endSpec()
                        .endTemplate()
                        .endSpec()
                        .build())
                .create();
        return new Workload(plane.admin(), namespace);
    }

    /** One pod of that template without its Deployment. */
    public static Pod pod(ControlPlane plane, String namespace, String name, Map<String, String> annotations) {
        return pod(plane, namespace, name, "pilotlight", annotations);
    }

    static Pod pod(ControlPlane plane, String namespace, String name, String account, Map<String, String> annotations) {
        Deployment deployment = template(plane.admin());
        return plane.admin()
                .pods()
                .inNamespace(namespace)
                .resource(new PodBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .withLabels(Map.of("app", "single"))
                        .withAnnotations(annotations)
                        .endMetadata()
                        .withSpec(deployment.getSpec().getTemplate().getSpec())
                        .editSpec()
                        .withServiceAccountName(account)
                        .endSpec()
                        .build())
                .create();
    }

    private static Deployment template(KubernetesClient client) {
        try (InputStream yaml = Workload.class.getResourceAsStream("/cluster/deployment.yaml")) {
            return client.apps().deployments().load(yaml).item();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    public void scale(int replicas) {
        admin.apps().deployments().inNamespace(namespace).withName("vllm").scale(replicas);
    }

    /** Those that are not being deleted, by name. */
    public List<Pod> pods() {
        return admin.pods().inNamespace(namespace).withLabel("app", "vllm").list().getItems().stream()
                .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                .sorted(Comparator.comparing(pod -> pod.getMetadata().getName()))
                .toList();
    }

    /** Waits until so many pods are Ready. */
    public void awaitReady(int count, Duration within) {
        Await.until(
                count + " pods are ready",
                within,
                () -> pods().stream().filter(Workload::isReady).count(),
                ready -> ready == count);
    }

    public static boolean isReady(Pod pod) {
        return pod.getStatus().getConditions().stream()
                .anyMatch(condition -> condition.getType().equals("Ready")
                        && condition.getStatus().equals("True"));
    }

    public static String label(Pod pod, String key) {
        return pod.getMetadata().getLabels().getOrDefault("pilotlight.dev/" + key, "");
    }
}
