package dev.pilotlight.check;

import static dev.pilotlight.check.Finding.missing;
import static dev.pilotlight.check.Finding.note;
import static dev.pilotlight.check.Finding.ok;

import dev.pilotlight.check.Finding.Level;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** What is missing around a running sidecar, read from its own {@code /api/v1/status}, and the fix of each. */
final class Checklist {
    /** A pod without a Prometheus that scrapes at least this often is seen by no autoscaler. */
    private static final double SCRAPED_WITHIN_SECONDS = 180;

    private static final long LEAST_GRACE_SECONDS = 60;
    private static final Pattern REFUSED_KEY = Pattern.compile("\\b40[13]\\b");
    private static final String BIND_THE_ACCOUNT =
            "bind the pod's service account: `namespaces[].serviceAccounts` of the chart, or k8s/cluster and k8s/base";

    private final JsonObject status;
    private final List<Finding> findings = new ArrayList<>();

    private Checklist(JsonObject status) {
        this.status = status;
    }

    /** @param status as {@code GET /api/v1/status} gives it */
    static List<Finding> of(JsonObject status) {
        Checklist list = new Checklist(status);
        list.engine();
        list.key();
        list.slots();
        list.permissions();
        list.spec();
        list.gpu();
        list.scrape();
        list.pool();
        return List.copyOf(list.findings);
    }

    static boolean passes(List<Finding> findings) {
        return findings.stream().noneMatch(it -> it.level() == Level.MISSING);
    }

    private void engine() {
        JsonObject engine = in(status, "engine");
        String phase = status.getString("phase", "");
        String reason = status.getString("reason", "");
        if (!engine.getBoolean("answers", false)) {
            add(
                    missing(
                            "engine",
                            engine.getString("why", "it does not answer"),
                            "while vLLM loads this is so; after that, is PILOTLIGHT_ENGINE_URL the address where it listens? (`kubectl logs POD -c vllm`)"));
        } else if (engine.containsKey("why")) {
            add(missing(
                    "engine",
                    "it answers, and its metrics page cannot be read: " + engine.getString("why"),
                    "start vLLM without --disable-log-stats, and let PILOTLIGHT_ENGINE_URL have its --root-path"));
        } else {
            String model = in(engine, "model").getString("name", "a model that it does not list");
            add(ok("engine", "answers, with " + model));
        }
        switch (phase) {
            case "ready" -> add(readiness());
            case "failed" ->
                add(missing(
                        "phase",
                        "failed: " + reason,
                        "docs/runbook.md, \"PilotlightEngineStuck\", has what to look at"));
            default -> add(note("phase", phase + ": " + reason, "wait, and check again"));
        }
    }

    /** The phase is what the engine can do; readiness is held back for as long as it does not answer, or not soundly. */
    private Finding readiness() {
        JsonObject ready = in(status, "ready");
        return ready.getBoolean("up", false)
                ? ok("phase", "ready")
                : missing(
                        "phase",
                        "ready, and /q/health/ready says no: " + ready.getString("reason", "it gives no reason"),
                        "the pod takes no traffic until that ends: docs/probes.md, \"Conditions\", has what each means");
    }

    /** vLLM serves its metrics without a key, so a missing one shows first when the warm-up asks for a token. */
    private void key() {
        String warmUp = in(status, "warmUp").getString("lastFailure", "");
        boolean given = setting("engine.api-key-file").isPresent()
                || setting("engine.api-key").isPresent();
        Optional<String> refused =
                List.of(warmUp, in(status, "engine").getString("why", ""), status.getString("reason", "")).stream()
                        .filter(text -> REFUSED_KEY.matcher(text).find())
                        .findFirst();
        add(refused.map(
                        why -> missing(
                                "key",
                                why,
                                given
                                        ? "the key that the sidecar has is not vLLM's --api-key"
                                        : "give the sidecar vLLM's key: PILOTLIGHT_ENGINE_API_KEY from the same Secret, or PILOTLIGHT_ENGINE_API_KEY_FILE"))
                .orElseGet(() -> ok("key", given ? "given, and not refused" : "none is asked for")));
    }

    private void slots() {
        boolean known = setting("engine.max-num-seqs").isPresent()
                || in(in(status, "cluster"), "vllm").containsKey("maxNumSeqs");
        add(
                known
                        ? ok("slots", "vLLM's slot limit is known")
                        : note(
                                "slots",
                                "vLLM's slot limit is not known, and is learned once requests wait",
                                "set PILOTLIGHT_ENGINE_MAX_NUM_SEQS to vLLM's --max-num-seqs, or let the sidecar read its pod"));
    }

    private void permissions() {
        if (!status.containsKey("cluster")) {
            add(note(
                    "permissions",
                    "POD_NAME is not set: the sidecar asks no API server",
                    "POD_NAME and POD_NAMESPACE by the downward API: docs/probes.md"));
            return;
        }
        JsonObject cluster = in(status, "cluster");
        Optional<String> pod = text(cluster, "podWhy");
        Optional<String> marks = text(cluster, "marksWhy");
        pod.ifPresent(why -> add(missing("permissions", "it cannot read its own pod: " + why, BIND_THE_ACCOUNT)));
        marks.ifPresent(why -> add(missing("permissions", "it cannot label its own pod: " + why, BIND_THE_ACCOUNT)));
        if (pod.isEmpty() && marks.isEmpty()) {
            add(ok("permissions", "reads and labels its own pod"));
        }
        text(cluster, "serviceWarning")
                .ifPresent(
                        why -> add(missing("service", why, "docs/pools.md: a Service by role only for managed pools")));
    }

    /** What the pod's spec has to say; known only where the own pod can be read. */
    private void spec() {
        JsonObject spec = in(in(status, "cluster"), "spec");
        if (spec.isEmpty()) {
            add(note(
                    "spec",
                    "probe and hook of vLLM's container cannot be seen",
                    "with permission to read the pod they are checked, too"));
            return;
        }
        add(
                spec.getBoolean("livenessProbe", false)
                        ? ok("probe", "vLLM's liveness probe asks for the verdict")
                        : note(
                                "probe",
                                "vLLM's liveness probe is its own: a stuck engine is reported and not restarted",
                                "leave out pilotlight.dev/keep-liveness-probe, or write the probe of docs/probes.md"));
        add(
                spec.getBoolean("preStop", false)
                        ? ok("drain", "vLLM's preStop hook drains")
                        : missing(
                                "drain",
                                "vLLM has no preStop hook that drains: requests in flight are cut when the pod ends",
                                "leave out pilotlight.dev/keep-pre-stop, or call the drain in your own hook: docs/probes.md"));
        long grace = spec.getLong("gracePeriodSeconds", 0L);
        if (grace < LEAST_GRACE_SECONDS) {
            add(
                    missing(
                            "grace",
                            "the pod has " + grace + " s to end: longer requests are cut",
                            "terminationGracePeriodSeconds: the longest request that you serve and 10 s; 330 is the default of the injection"));
        } else {
            add(ok("grace", "the pod has " + grace + " s to end"));
        }
    }

    private void gpu() {
        JsonObject gpu = in(status, "gpu");
        String why = gpu.getString("why", "");
        JsonArray faults = gpu.getJsonArray("faults", new JsonArray());
        for (Object fault : faults) {
            if (fault instanceof JsonObject standing) {
                add(missing("gpu", standing.getString("reason", ""), "docs/runbook.md, \"PilotlightGpuFault\""));
            }
        }
        if (setting("gpu.source").filter("none"::equals).isPresent()) {
            add(ok("gpu", "is not watched: pilotlight.gpu.source is none"));
        } else if (!gpu.containsKey("devices")) {
            add(note("gpu", "is not seen: " + why, "docs/gpu.md has three ways to let it be seen"));
        } else if (!"ours".equals(gpu.getString("scope"))) {
            add(note(
                    "gpu",
                    "is seen, and not known to be this pod's: " + gpu.getString("scopeWhy", why),
                    "PILOTLIGHT_GPU_UUIDS, or POD_NAME and the exporter's pod labels: docs/gpu.md"));
        } else if (faults.isEmpty()) {
            add(ok("gpu", gpu.getJsonArray("devices").size() + " of this pod, by " + gpu.getString("source")));
        }
    }

    private void scrape() {
        Double age = in(status, "scrape").getDouble("ageSeconds");
        if (age == null) {
            add(
                    missing(
                            "scrape",
                            "nobody but this pod has asked for /metrics since the sidecar began",
                            "a PodMonitor (k8s/monitoring) that Prometheus selects, and a NetworkPolicy that lets it reach port 9110"));
        } else if (age > SCRAPED_WITHIN_SECONDS) {
            add(missing(
                    "scrape",
                    "the last scrape was " + Math.round(age) + " s ago",
                    "is Prometheus up, and is the pod still among its targets?"));
        } else {
            add(ok("scrape", "last scraped " + Math.round(age) + " s ago"));
        }
    }

    private void pool() {
        if (setting("pool.mode").filter("managed"::equalsIgnoreCase).isEmpty()) {
            return;
        }
        JsonObject cluster = in(status, "cluster");
        Optional<String> why = text(cluster, "planWhy").or(() -> text(cluster, "poolWhy"));
        if (why.isPresent()) {
            add(missing("pool", why.get(), "k8s/pool, and pods that run as its account: docs/pools.md"));
        } else if (cluster.containsKey("plan")) {
            JsonObject plan = in(cluster, "plan");
            add(ok(
                    "pool",
                    plan.getJsonArray("active", new JsonArray()).size() + " active by the plan of "
                            + plan.getString("leader")));
        } else {
            add(note("pool", "there is no plan yet", "a leader writes one once a pod is ready"));
        }
    }

    private void add(Finding finding) {
        findings.add(finding);
    }

    private Optional<String> setting(String name) {
        return text(in(status, "configuration"), "pilotlight." + name);
    }

    private static Optional<String> text(JsonObject object, String key) {
        return Optional.ofNullable(object.getString(key)).filter(it -> !it.isEmpty());
    }

    private static JsonObject in(JsonObject object, String key) {
        return object.getValue(key) instanceof JsonObject there ? there : new JsonObject();
    }
}
