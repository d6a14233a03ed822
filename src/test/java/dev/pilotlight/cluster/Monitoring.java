package dev.pilotlight.cluster;

import java.io.IOException;

/** A real Prometheus that scrapes the pods of a kubelet, and the real prometheus-adapter before it. */
final class Monitoring implements AutoCloseable {
    private final PodMonitors monitors;
    private final PrometheusAdapter adapter;

    private Monitoring(PodMonitors monitors, PrometheusAdapter adapter) {
        this.monitors = monitors;
        this.adapter = adapter;
    }

    static Monitoring start(ControlPlane plane, Kubelet kubelet, String namespace) throws IOException {
        PodMonitors monitors = PodMonitors.start(plane.home().resolve("prometheus"), () -> kubelet.pods().stream()
                .flatMap(pod -> PodMonitors.Target.of(namespace, pod.name(), pod.address()))
                .toList());
        return new Monitoring(monitors, PrometheusAdapter.start(plane, monitors.prometheus()));
    }

    @Override
    public void close() {
        adapter.close();
        monitors.close();
    }
}
