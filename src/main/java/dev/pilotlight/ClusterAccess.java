package dev.pilotlight;

import dev.pilotlight.cluster.Cluster;
import dev.pilotlight.cluster.ClusterLink;
import dev.pilotlight.config.PilotlightConfig;
import dev.pilotlight.config.Policies;
import dev.pilotlight.kube.ApiAddress;
import dev.pilotlight.kube.ApiClient;
import dev.pilotlight.kube.ApiServer;
import dev.pilotlight.loop.SteadyClock;
import dev.pilotlight.pool.peers.PeerClient;
import io.vertx.core.Vertx;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** The way to the API server, and what the sidecar does there. */
@Singleton
final class ClusterAccess {
    private static final Path SERVICE_ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");
    private static final Duration API_TIMEOUT = Duration.ofSeconds(2);

    @Produces
    @Singleton
    ApiServer apiServer(PilotlightConfig config, Vertx vertx) {
        return new ApiClient(vertx, apiAddress(config.kube()), API_TIMEOUT);
    }

    /** As set, else as the kubelet tells each container. */
    private static Optional<ApiAddress> apiAddress(PilotlightConfig.Kube kube) {
        String host = System.getenv("KUBERNETES_SERVICE_HOST");
        String port = System.getenv("KUBERNETES_SERVICE_PORT");
        boolean inCluster = kube.url().isEmpty() && host != null && port != null;
        return kube.url()
                .or(() -> inCluster ? Optional.of(ApiAddress.inCluster(host, port)) : Optional.empty())
                .map(url -> new ApiAddress(
                        url,
                        kube.tokenFile().or(() -> mounted("token", inCluster)),
                        kube.caFile().or(() -> mounted("ca.crt", inCluster))));
    }

    /** Of the pod's service account. In a cluster it is named even where it is missing, so that its lack is said. */
    private static Optional<Path> mounted(String name, boolean inCluster) {
        Path file = SERVICE_ACCOUNT.resolve(name);
        return inCluster || Files.exists(file) ? Optional.of(file) : Optional.empty();
    }

    @Produces
    @Singleton
    Cluster cluster(
            PilotlightConfig config,
            Vertx vertx,
            SteadyClock clock,
            ApiServer api,
            @ConfigProperty(name = "quarkus.http.port") int port) {
        if (config.pod().name().isEmpty()) {
            return Cluster.NONE;
        }
        boolean isManaged = config.pool().mode() == PilotlightConfig.PoolMode.MANAGED;
        Optional<ClusterLink.Managed> managed =
                isManaged || config.scale().maxPods().isPresent()
                        ? Optional.of(new ClusterLink.Managed(
                                config.pool().name().orElseThrow(),
                                Policies.pool(config),
                                !isManaged,
                                config.pool().orphanAfter(),
                                new PeerClient(vertx, port, config.pool().peerTimeout())))
                        : Optional.empty();
        return new ClusterLink(
                api,
                new ClusterLink.Place(
                        config.pod().namespace().orElseThrow(),
                        config.pod().name().get(),
                        config.pod().container()),
                managed,
                clock::now,
                Random::new);
    }
}
