package dev.pilotlight.gpu.dcgm;

import dev.pilotlight.gpu.readings.GpuClaim;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.gpu.readings.Scope;
import dev.pilotlight.prometheus.MetricPage;
import dev.pilotlight.prometheus.Series;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What a page of dcgm-exporter says: the whole node's GPUs, of which only this pod's are kept. */
public final class DcgmPage {
    private static final int PODS_TOLD = 5;
    /** Sixteen GPUs in seven partitions each, and room. */
    private static final int MOST_ROWS = 512;

    private boolean tooMany;

    private final Map<String, DcgmRow> rows = new LinkedHashMap<>();
    private final Set<String> pods = new TreeSet<>();
    private final Optional<PodIdentity> pod;

    private DcgmPage(MetricPage page, Optional<PodIdentity> pod) {
        this.pod = pod;
        for (String metric : DcgmMetrics.NAMES) {
            page.forEach(metric, (series, value) -> add(metric, series, value));
        }
    }

    /**
     * The reading of a page.
     *
     * @param origin names the exporter for people
     */
    public static GpuReading read(
            MetricPage page, Optional<PodIdentity> pod, GpuClaim claim, String origin, Instant at) {
        return new DcgmPage(page, pod).reading(claim, origin, at);
    }

    private void add(String metric, Series series, double value) {
        String key = DcgmRow.key(series);
        if (rows.size() >= MOST_ROWS && !rows.containsKey(key)) {
            tooMany = true;
            return;
        }
        DcgmRow row = rows.computeIfAbsent(key, _ -> new DcgmRow(series));
        boolean ofOurs = pod.isPresent() && isOf(pod.get(), series);
        if (ofOurs) {
            row.markOurs();
        }
        String labelled = DcgmMetrics.pod(series);
        if (!labelled.isEmpty() && pods.size() < MOST_ROWS) {
            pods.add(DcgmMetrics.namespace(series) + "/" + labelled);
        }
        row.add(metric, value, ofOurs);
    }

    private static boolean isOf(PodIdentity pod, Series series) {
        String container = DcgmMetrics.container(series);
        return pod.pod().equals(DcgmMetrics.pod(series))
                && pod.namespace().equals(DcgmMetrics.namespace(series))
                && (container.isEmpty()
                        || pod.container().map(container::equals).orElse(true));
    }

    private GpuReading reading(GpuClaim claim, String origin, Instant at) {
        if (rows.isEmpty()) {
            return new GpuReading.Failed(
                    at,
                    "the metrics page of " + origin + " has no " + DcgmMetrics.TEMPERATURE
                            + " or any other DCGM metric: is it a dcgm-exporter? Correct pilotlight.gpu.dcgm-url");
        }
        if (tooMany) {
            return new GpuReading.Failed(
                    at,
                    "the metrics page of " + origin + " has more than " + MOST_ROWS + " devices: no node has so many");
        }
        if (claim instanceof GpuClaim.Named named && onPages(named)) {
            List<DcgmRow> meant = rows.values().stream()
                    .filter(row -> named.uuids().contains(row.uuid()))
                    .toList();
            Set<String> missing = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
            missing.addAll(named.uuids());
            meant.forEach(row -> missing.remove(row.uuid()));
            if (missing.isEmpty() && (named.binding() || ours().isEmpty())) {
                return devices(at, new Scope.Ours(named.by() + " names them"), origin, meant);
            }
            if (named.binding()) {
                return new GpuReading.Failed(
                        at,
                        named.by() + " names " + String.join(", ", missing) + ", which is not on the metrics page of "
                                + origin + "; " + there() + " there: correct the setting");
            }
        }
        if (!ours().isEmpty()) {
            return devices(at, new Scope.Ours(origin + " labels them with pod " + pod.get()), origin, ours());
        }
        if (pod.isPresent() && !pods.isEmpty()) {
            return new GpuReading.Failed(
                    at,
                    "none of the " + rows.size() + " devices on the metrics page of " + origin
                            + " is labelled with pod "
                            + pod.get() + ", but with " + some(pods)
                            + "; it may come with the exporter's next look, else set pilotlight.gpu.uuids");
        }
        return devices(at, new Scope.Unscoped(unscoped()), origin, rows.values());
    }

    /** The exporter tells the GPU's UUID on a partition's row, never the partition's own. */
    private static boolean onPages(GpuClaim.Named named) {
        return named.uuids().stream().noneMatch(uuid -> uuid.regionMatches(true, 0, "MIG-", 0, 4));
    }

    private List<DcgmRow> ours() {
        return rows.values().stream().filter(DcgmRow::ours).toList();
    }

    private String unscoped() {
        return pod.isEmpty()
                ? "the metrics page is the whole node's and this pod's own name is not known; set POD_NAME and POD_NAMESPACE"
                        + " from the downward API, or pilotlight.gpu.uuids"
                : "no device on the metrics page has a pod label (time-slicing loses them, and DCGM_EXPORTER_KUBERNETES must be"
                        + " true); set pilotlight.gpu.uuids";
    }

    private String there() {
        Set<String> uuids = rows.values().stream().map(DcgmRow::uuid).collect(Collectors.toCollection(TreeSet::new));
        return String.join(", ", uuids) + (uuids.size() == 1 ? " is" : " are");
    }

    private static String some(Set<String> pods) {
        return pods.stream().limit(PODS_TOLD).collect(Collectors.joining(", "))
                + (pods.size() > PODS_TOLD ? " and " + (pods.size() - PODS_TOLD) + " more" : "");
    }

    private static GpuReading devices(Instant at, Scope scope, String origin, Collection<DcgmRow> rows) {
        return new GpuReading.Devices(
                at,
                GpuReading.Source.DCGM,
                scope,
                origin,
                rows.stream().map(DcgmRow::device).toList());
    }
}
