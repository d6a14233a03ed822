package dev.pilotlight.metrics;

import dev.pilotlight.drain.Refusals;
import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.Gauges;
import dev.pilotlight.gpu.readings.Throttle;
import dev.pilotlight.gpu.readings.Xids;
import dev.pilotlight.loop.Picture;
import dev.pilotlight.loop.PollTally;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Every metric that is published, and its values in a picture. What is not known is not there: neither zero nor the last value.
 * docs/metrics.md is checked against it.
 */
public final class MetricCatalog {
    /** The words of a state set: exactly one of them is 1. */
    private static final List<String> PHASES =
            List.of("starting", "warming", "ready", "suspended", "draining", "failed");

    private static final List<String> ROLES = List.of("active", "standby");

    static final Metric LOAD = gauge(
            "pilotlight_load_ratio", "Offered work over what this pod can sustain: 1 is full, above 1 is behind.");
    static final Metric FORECAST = gauge(
            "pilotlight_load_forecast_ratio",
            "The load expected one cold start from now, in a managed pool whose days are alike; absent while history is too thin.");
    static final Metric DEMAND = gauge(
            "pilotlight_demand_pods", "Load over the target load: its sum over pods is the replica count to want.");
    static final Metric PRESSURE =
            gauge("pilotlight_pressure_ratio", "Each resource against its own limit.", "resource");
    static final Metric CAPACITY =
            gauge("pilotlight_capacity_requests", "Concurrent requests that this pod sustains, as estimated.");
    static final Metric CONFIDENCE =
            gauge("pilotlight_capacity_confidence_ratio", "How far the capacity is measured (1) and not assumed (0).");
    static final Metric RUNNING =
            gauge("pilotlight_running_requests", "Requests in the engine's batch, over all ranks.");
    static final Metric WAITING =
            gauge("pilotlight_waiting_requests", "Requests in the engine's queue, over all ranks.");
    static final Metric TTFT = gauge(
            "pilotlight_time_to_first_token_seconds",
            "Time to first token over the last minute: mean and 95th percentile.",
            "stat");
    static final Metric ITL = gauge(
            "pilotlight_inter_token_latency_seconds",
            "Inter-token latency over the last minute: mean and 95th percentile.",
            "stat");
    static final Metric PHASE = gauge(
            "pilotlight_phase",
            "What the engine can do: 1 for the current phase; a ready one is held back while a condition that unreadies"
                    + " stands.",
            "phase");
    static final Metric ROLE = gauge(
            "pilotlight_role",
            "What a pod in phase ready does: 1 for the current role, 0 for all in another phase; kept while silent or unhealthy"
                    + " hold its readiness back.",
            "role");
    static final Metric CONDITION = gauge(
            "pilotlight_condition",
            "1 while that is held against the engine, or said of it; absent while it is not.",
            "condition",
            "effect");
    static final Metric COLD_START = gauge(
            "pilotlight_cold_start_seconds",
            "How long the engine's last start took, by stage, as watched from here.",
            "stage");
    static final Metric UP = gauge("pilotlight_engine_up", "1 when the engine answered the newest poll.");
    static final Metric REJECTIONS = new Metric(
            "pilotlight_engine_rejections_total",
            Metric.Type.COUNTER,
            "Requests that the engine rejected on arrival since the sidecar began.",
            List.of());
    static final Metric RESTARTS = new Metric(
            "pilotlight_engine_restarts_total",
            Metric.Type.COUNTER,
            "Engine processes that took the place of another since the sidecar began.",
            List.of());
    static final Metric DRAIN_LEFT = gauge(
            "pilotlight_drain_left_seconds",
            "Time until the drain's deadline, when requests are cut; absent while nothing drains.");
    static final Metric DRAIN_REQUESTS =
            gauge("pilotlight_drain_requests", "Requests in flight that the drain waits for.");
    static final Metric DRAINS_REFUSED = new Metric(
            "pilotlight_drains_refused_total",
            Metric.Type.COUNTER,
            "Calls to the drain endpoint that were refused, by reason.",
            List.of("reason"));
    static final Metric AGE =
            gauge("pilotlight_reading_age_seconds", "How long ago each source was last read with success.", "source");
    static final Metric POLL = new Metric(
            "pilotlight_poll_seconds",
            Metric.Type.HISTOGRAM,
            "How long polls took, by source and outcome.",
            List.of("source", "outcome"));

    static final Metric POOL_DEMAND = gauge(
            "pilotlight_pool_demand_pods",
            "Pods that a managed pool's traffic wants, standbys included; the pool's leader alone says it.");
    static final Metric POOL_TROUBLE = gauge(
            "pilotlight_pool_trouble",
            "1 while the API server keeps a managed pool from being led, or its plan from being written or believed.");
    static final Metric WANTED = gauge(
            "pilotlight_wanted_pods",
            "Pods that a pool wants, its reserve included: take it at a target of 1; the pool's leader alone says it.");
    static final Metric KUBE = new Metric(
            "pilotlight_kube_requests_total",
            Metric.Type.COUNTER,
            "Calls to the API server.",
            List.of("verb", "outcome"));

    static final Metric GPU_UTILIZATION =
            gpu("utilization_ratio", "Share of the last second or less in which a kernel ran.", "gpu", "uuid");
    static final Metric GPU_MEMORY = gpu("memory_used_ratio", "Memory in use over the memory there is.", "gpu", "uuid");
    static final Metric GPU_TEMPERATURE = gpu("temperature_celsius", "Temperature of the chip.", "gpu", "uuid");
    static final Metric GPU_POWER = gpu("power_watts", "Power drawn.", "gpu", "uuid");
    static final Metric GPU_THROTTLED =
            gpu("throttled", "1 while the clocks are slowed for that reason.", "gpu", "uuid", "reason");
    static final Metric GPU_XID = new Metric(
            "pilotlight_gpu_xid_errors_total",
            Metric.Type.COUNTER,
            "XID errors seen since the sidecar began (NVML only: an exporter tells no count).",
            List.of("gpu", "uuid", "xid"));
    static final Metric GPU_FAULT =
            gpu("fault", "1 while a fault of that kind stands against this pod's GPU.", "uuid", "kind", "action");

    static final Metric BUILD_INFO = gauge("pilotlight_build_info", "1, with the version of this sidecar.", "version");

    /** In the order of the page and of the documentation. */
    public static final List<Metric> ALL = List.of(
            LOAD,
            FORECAST,
            DEMAND,
            PRESSURE,
            CAPACITY,
            CONFIDENCE,
            RUNNING,
            WAITING,
            TTFT,
            ITL,
            PHASE,
            ROLE,
            CONDITION,
            COLD_START,
            UP,
            RESTARTS,
            REJECTIONS,
            DRAIN_LEFT,
            DRAIN_REQUESTS,
            DRAINS_REFUSED,
            AGE,
            POLL,
            POOL_DEMAND,
            POOL_TROUBLE,
            WANTED,
            KUBE,
            GPU_UTILIZATION,
            GPU_MEMORY,
            GPU_TEMPERATURE,
            GPU_POWER,
            GPU_THROTTLED,
            GPU_XID,
            GPU_FAULT,
            BUILD_INFO);

    private MetricCatalog() {}

    private static Metric gpu(String name, String help, String... labels) {
        return gauge("pilotlight_gpu_" + name, help, labels);
    }

    private static Metric gauge(String name, String help, String... labels) {
        return new Metric(name, Metric.Type.GAUGE, help, List.of(labels));
    }

    /** One value with its labels, in the order of the metric's label names. */
    public record Point(Metric metric, List<String> labels, double value) {}

    /** Gauges and counters of the picture. */
    public static List<Point> points(Picture picture, Refusals refusals, Instant now) {
        Points points = new Points(new ArrayList<>(40));
        picture.freshSignals(now).ifPresent(signals -> {
            points.add(LOAD, signals.load());
            points.add(FORECAST, signals.forecast());
            points.add(DEMAND, signals.demandPods());
            signals.pressures().byResource().forEach((resource, value) -> points.add(PRESSURE, value, resource));
            signals.capacity().ifPresent(capacity -> {
                points.add(CAPACITY, capacity.requests());
                points.add(CONFIDENCE, capacity.confidence());
            });
            points.add(RUNNING, signals.running());
            points.add(WAITING, signals.waiting());
            points.add(TTFT, signals.ttft().mean(), "mean");
            points.add(TTFT, signals.ttft().p95(), "p95");
            points.add(ITL, signals.itl().mean(), "mean");
            points.add(ITL, signals.itl().p95(), "p95");
        });
        PHASES.forEach(phase -> points.add(PHASE, picture.phase().word().equals(phase) ? 1 : 0, phase));
        ROLES.forEach(role -> points.add(
                ROLE,
                picture.role().filter(current -> current.word().equals(role)).isPresent() ? 1 : 0,
                role));
        picture.conditions()
                .standing()
                .keySet()
                .forEach(it -> points.add(CONDITION, 1, it.word(), it.effect().word()));
        points.add(COLD_START, seconds(picture.state().coldStart().load()), "load");
        points.add(COLD_START, seconds(picture.state().coldStart().warmUp()), "warm_up");
        points.add(COLD_START, seconds(picture.state().coldStart().total()), "total");
        points.add(UP, picture.engineAnswers(now) ? 1 : 0);
        points.add(RESTARTS, picture.engine().restarts());
        if (picture.state().rejections().counted().isPresent()) {
            points.add(REJECTIONS, picture.state().rejections().total());
        }
        picture.drain().ifPresent(drain -> {
            points.add(DRAIN_LEFT, seconds(drain.left(now)));
            points.add(DRAIN_REQUESTS, drain.inFlight());
        });
        refusals.counts().forEach((refusal, count) -> points.add(DRAINS_REFUSED, count, refusal.word()));
        points.add(AGE, seconds(picture.engineAge(now)), "engine");
        points.add(AGE, seconds(picture.gpuAge(now)), "gpu");
        points.add(AGE, seconds(picture.cluster().podAge(now)), "pod");
        points.add(AGE, seconds(picture.cluster().planAge(now)), "plan");
        points.add(POOL_DEMAND, picture.cluster().poolDemand(now));
        picture.cluster()
                .plan()
                .ifPresent(_ ->
                        points.add(POOL_TROUBLE, picture.cluster().poolRefusal().isPresent() ? 1 : 0));
        points.add(WANTED, picture.cluster().wantedPods());
        picture.cluster().calls().counts().forEach((key, count) -> points.add(KUBE, count, key.verb(), key.outcome()));
        picture.freshGpus(now).forEach(device -> points.gpu(device));
        // Two fatal XIDs on one GPU are one series.
        picture.gpu().faults().stream()
                .map(fault -> List.of(fault.device(), word(fault.kind()), word(fault.action())))
                .distinct()
                .forEach(labels -> points.add(GPU_FAULT, 1, labels.toArray(String[]::new)));
        return points.all();
    }

    /** The poll histograms by their labels. */
    public static Map<PollTally.Key, PollTally.Counts> polls(Picture picture) {
        return picture.polls().counts();
    }

    private static OptionalDouble seconds(Optional<Duration> duration) {
        return duration.isPresent() ? OptionalDouble.of(seconds(duration.get())) : OptionalDouble.empty();
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private record Points(List<Point> all) {
        void gpu(Device device) {
            String index = Integer.toString(device.index());
            Gauges gauges = device.gauges();
            add(GPU_UTILIZATION, gauges.utilizationRatio(), index, device.key());
            add(GPU_MEMORY, gauges.memoryUsedRatio(), index, device.key());
            add(GPU_TEMPERATURE, gauges.temperatureCelsius(), index, device.key());
            add(GPU_POWER, gauges.powerWatts(), index, device.key());
            gauges.throttles().ifPresent(now -> {
                for (Throttle reason : Throttle.values()) {
                    add(GPU_THROTTLED, now.contains(reason) ? 1 : 0, index, device.key(), reason.label());
                }
            });
            switch (device.xids()) {
                case Xids.Counted counted ->
                    counted.byXid()
                            .forEach((xid, count) -> add(GPU_XID, count, index, device.key(), Integer.toString(xid)));
                case Xids.Last _, Xids.Unknown _ -> {}
            }
        }

        /** What is no number is not published. */
        void add(Metric metric, double value, String... labels) {
            if (Double.isFinite(value)) {
                all.add(new Point(metric, List.of(labels), value));
            }
        }

        void add(Metric metric, OptionalDouble value, String... labels) {
            value.ifPresent(known -> add(metric, known, labels));
        }
    }
}
