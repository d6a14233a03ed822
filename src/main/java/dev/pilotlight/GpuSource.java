package dev.pilotlight;

import dev.pilotlight.cluster.Cluster;
import dev.pilotlight.cluster.OwnPodWait;
import dev.pilotlight.config.PilotlightConfig;
import dev.pilotlight.config.Policies;
import dev.pilotlight.gpu.AutoProbe;
import dev.pilotlight.gpu.CrashGuard;
import dev.pilotlight.gpu.GpuSettings;
import dev.pilotlight.gpu.dcgm.DcgmPages;
import dev.pilotlight.gpu.dcgm.PageSource;
import dev.pilotlight.gpu.dcgm.PodIdentity;
import dev.pilotlight.gpu.readings.GpuProbe;
import dev.pilotlight.http.Http;
import dev.pilotlight.pod.OwnPod;
import io.vertx.core.Vertx;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.jboss.logging.Logger;

/** Where GPU readings come from, as set. */
@Singleton
final class GpuSource {
    private static final Logger LOG = Logger.getLogger("pilotlight");
    private static final Duration DCGM_TIMEOUT = Duration.ofSeconds(2);

    @Produces
    @Singleton
    GpuProbe gpu(PilotlightConfig config, Vertx vertx, Cluster cluster) {
        GpuSettings settings = Policies.gpu(config).settings();
        PageSource pages = settings.dcgmUrl()
                .<PageSource>map(url -> new DcgmPages(exporter(vertx, url), path(url), DCGM_TIMEOUT))
                .orElse(now -> new PageSource.Page.Failed("no URL"));
        Optional<PodIdentity> pod = config.pod()
                .name()
                .map(name -> new PodIdentity(
                        name,
                        config.pod().namespace().orElseThrow(),
                        config.pod().container()));
        return AutoProbe.of(
                settings,
                Optional.ofNullable(System.getenv("NVIDIA_VISIBLE_DEVICES")),
                pod,
                pages,
                () -> againstNvml(cluster));
    }

    private static Optional<String> againstNvml(Cluster cluster) {
        Optional<String> why = OwnPodWait.of(cluster)
                .map(OwnPod::earlier)
                .flatMap(earlier -> CrashGuard.leavesOut(earlier.count(), earlier.lastExitCode()));
        why.ifPresent(LOG::warn);
        return why;
    }

    private static Http exporter(Vertx vertx, URI url) {
        URI server = URI.create(url.getScheme() + "://" + url.getRawAuthority());
        return new Http(vertx, () -> server, Http.Security.none(), 1);
    }

    private static String path(URI url) {
        String path = url.getRawPath() == null || url.getRawPath().isEmpty() ? "/metrics" : url.getRawPath();
        return url.getRawQuery() == null ? path : path + "?" + url.getRawQuery();
    }
}
