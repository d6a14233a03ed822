package dev.pilotlight.api;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.Model;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.Scope;
import dev.pilotlight.gpu.readings.Throttle;
import dev.pilotlight.health.HealthRules;
import dev.pilotlight.health.Verdict;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.lifecycle.Round;
import dev.pilotlight.loop.Picture;
import dev.pilotlight.pod.OwnPod;
import dev.pilotlight.pod.VllmContainer;
import dev.pilotlight.pool.plan.Plan;
import dev.pilotlight.signal.Latency;
import dev.pilotlight.signal.Signals;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** What the API says of a picture, as plain maps in the order that people read: unknown values are left out. */
final class StatusView {
    private StatusView() {}

    /** The flat form for KEDA's metrics-api and for scripts: empty when there is no fresh load to publish. */
    static Optional<Map<String, Object>> signals(Picture picture, Instant now) {
        return picture.freshSignals(now)
                .filter(signals -> signals.load().isPresent())
                .map(signals -> {
                    Map<String, Object> flat = phaseAndRole(picture, now);
                    put(flat, "load_ratio", signals.load());
                    put(flat, "load_forecast_ratio", signals.forecast());
                    put(flat, "demand_pods", signals.demandPods());
                    signals.capacity().ifPresent(capacity -> {
                        flat.put("capacity_requests", round(capacity.requests()));
                        flat.put("capacity_confidence_ratio", round(capacity.confidence()));
                    });
                    put(flat, "wanted_pods", picture.cluster().wantedPods());
                    flat.put("running_requests", signals.running());
                    flat.put("waiting_requests", signals.waiting());
                    put(flat, "kv_cache_usage_ratio", signals.pressures().kvCache());
                    signals.pressures()
                            .byResource()
                            .forEach((resource, value) -> flat.put("pressure_" + resource + "_ratio", round(value)));
                    flat.put("age_seconds", seconds(Duration.between(signals.at(), now)));
                    return flat;
                });
    }

    /** What is said instead when there is none. */
    static Map<String, Object> noSignals(Picture picture, Instant now) {
        Map<String, Object> flat = phaseAndRole(picture, now);
        flat.put("error", "no fresh load: " + picture.whyNoSignals());
        return flat;
    }

    private static Map<String, Object> phaseAndRole(Picture picture, Instant now) {
        Map<String, Object> flat = new LinkedHashMap<>();
        flat.put("phase", picture.phase().word());
        picture.role().ifPresent(role -> flat.put("role", role.word()));
        flat.put("reason", HealthRules.ready(picture, now).reason());
        return flat;
    }

    /** @param scraped when somebody outside of the pod last asked for the metrics */
    static Map<String, Object> status(
            Picture picture, Map<String, String> configuration, Optional<Instant> scraped, Instant now) {
        Map<String, Object> view = phaseAndRole(picture, now);
        view.put("phaseSince", picture.phase().since().toString());
        picture.role().ifPresent(role -> view.put("roleSince", role.since().toString()));
        view.put("ready", verdict(HealthRules.ready(picture, now)));
        view.put("engineLive", verdict(HealthRules.engine(picture)));
        view.put("conditions", conditions(picture));
        view.put("engine", engine(picture, now));
        warmUp(picture).ifPresent(it -> view.put("warmUp", it));
        view.put("progress", progress(picture));
        picture.drain().ifPresent(drain -> view.put("drain", DrainResource.view(drain)));
        view.put("gpu", gpu(picture, now));
        view.put("signals", nested(picture, now));
        view.put("coldStartSeconds", coldStart(picture));
        cluster(picture, now).ifPresent(it -> view.put("cluster", it));
        view.put(
                "scrape",
                scraped.<Map<String, Object>>map(at -> Map.of("ageSeconds", seconds(Duration.between(at, now))))
                        .orElse(Map.of()));
        view.put("configuration", configuration);
        return view;
    }

    private static Map<String, Object> verdict(Verdict verdict) {
        return Map.of("up", verdict.up(), "reason", verdict.reason());
    }

    /** What is held against the engine or said of it, the weightiest first. */
    private static List<Map<String, Object>> conditions(Picture picture) {
        return picture.conditions().standing().entrySet().stream()
                .map(each -> {
                    Map<String, Object> view = new LinkedHashMap<>();
                    view.put("condition", each.getKey().word());
                    view.put("effect", each.getKey().effect().word());
                    view.put("since", each.getValue().since().toString());
                    view.put("why", each.getValue().why());
                    return view;
                })
                .toList();
    }

    private static Map<String, Object> engine(Picture picture, Instant now) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("answers", picture.engineAnswers(now));
        picture.engineAge(now).ifPresent(age -> view.put("ageSeconds", seconds(age)));
        view.put("restarts", picture.engine().restarts());
        if (!(picture.engine().latest() instanceof Answered)) {
            view.put("why", picture.whyNoSignals());
        }
        picture.freshNumbers(now).ifPresent(numbers -> {
            numbers.model().ifPresent(model -> view.put("model", model(model)));
            view.put("metricsPage", numbers.route());
            EngineSnapshot snapshot = numbers.snapshot();
            snapshot.leftOut().ifPresent(why -> view.put("leftOut", why));
            put(view, "kvCacheTokens", snapshot.cache().tokens());
            put(view, "requestsInFlight", numbers.inFlight());
            view.put("ranks", snapshot.ranks().stream().map(StatusView::rank).toList());
        });
        return view;
    }

    /** The rounds of the warm-up under way, or of the last one. */
    private static Optional<Map<String, Object>> warmUp(Picture picture) {
        if (picture.state().rounds().isEmpty() && !(picture.phase() instanceof Phase.Warming)) {
            return Optional.empty();
        }
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("rounds", picture.state().rounds().stream().map(StatusView::round).toList());
        if (picture.phase() instanceof Phase.Warming warming) {
            view.put("failuresInARow", warming.failures());
            if (!warming.lastFailure().isEmpty()) {
                view.put("lastFailure", warming.lastFailure());
            }
        }
        return Optional.of(view);
    }

    private static Map<String, Object> round(Round round) {
        Map<String, Object> view = new LinkedHashMap<>();
        for (Round.Timing timing : round.timings()) {
            view.put(
                    timing.shape(),
                    Map.of(
                            "timeToFirstTokenSeconds", seconds(timing.firstToken()),
                            "totalSeconds", seconds(timing.total())));
        }
        return view;
    }

    /** The evidence for and against a hang, rank by rank. */
    private static Map<String, Object> progress(Picture picture) {
        Map<String, Object> view = new LinkedHashMap<>();
        new TreeMap<>(picture.progress().ranks()).forEach((rank, pulse) -> {
            Map<String, Object> shown = new LinkedHashMap<>();
            shown.put("movedAt", pulse.movedAt().toString());
            pulse.askedAt().ifPresent(asked -> shown.put("lastProbeAt", asked.toString()));
            shown.put("probesLostInARow", pulse.lost());
            pulse.refused().ifPresent(refused -> {
                shown.put("probesRefusedInARow", refused.inARow());
                shown.put("lastRefusal", refused.why());
            });
            view.put(rank, shown);
        });
        return view;
    }

    private static Map<String, Object> gpu(Picture picture, Instant now) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("why", picture.gpu().latest().why());
        picture.gpuAge(now).ifPresent(age -> view.put("ageSeconds", seconds(age)));
        picture.gpu().devices().ifPresent(seen -> {
            view.put("source", seen.source().name().toLowerCase(Locale.ROOT));
            view.put("scope", seen.scope() instanceof Scope.Ours ? "ours" : "unscoped");
            view.put("scopeWhy", seen.scope().why());
            view.put("devices", seen.devices().stream().map(StatusView::device).toList());
        });
        view.put(
                "faults",
                picture.gpu().faults().stream()
                        .map(fault -> Map.of(
                                "kind", fault.kind().name().toLowerCase(Locale.ROOT),
                                "action", fault.action().name().toLowerCase(Locale.ROOT),
                                "since", fault.since().toString(),
                                "reason", fault.reason()))
                        .toList());
        return view;
    }

    private static Map<String, Object> device(Device device) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("index", device.index());
        view.put("uuid", device.key());
        view.put("name", device.name());
        view.put(
                "state",
                switch (device.state()) {
                    case Device.Working _ -> "working";
                    case Device.Lost lost -> "lost: " + lost.why();
                    case Device.ResetRequired reset -> "reset required: " + reset.why();
                    case Device.Unreadable unreadable -> "unreadable: " + unreadable.why();
                });
        put(view, "utilizationRatio", device.gauges().utilizationRatio());
        put(view, "memoryUsedRatio", device.gauges().memoryUsedRatio());
        put(view, "temperatureCelsius", device.gauges().temperatureCelsius());
        put(view, "powerWatts", device.gauges().powerWatts());
        device.gauges()
                .throttles()
                .ifPresent(reasons -> view.put(
                        "throttled",
                        reasons.stream().map(Throttle::label).sorted().toList()));
        return view;
    }

    private static Map<String, Object> model(Model model) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("name", model.name());
        model.maxModelLen().ifPresent(longest -> view.put("maxModelLen", longest));
        return view;
    }

    private static Map<String, Object> rank(Rank rank) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("engine", rank.engine());
        view.put("running", rank.running());
        view.put("waiting", rank.waiting());
        put(view, "kvCacheUse", rank.kvCacheUse());
        put(view, "promptTokens", rank.promptTokens());
        put(view, "generationTokens", rank.generationTokens());
        put(view, "successes", rank.successes());
        put(view, "preemptions", rank.preemptions());
        put(view, "answeredTokens", rank.answeredTokens());
        put(view, "cachedPromptTokens", rank.cachedPromptTokens());
        put(view, "steps", rank.steps());
        return view;
    }

    private static Map<String, Object> nested(Picture picture, Instant now) {
        Map<String, Object> view = new LinkedHashMap<>();
        Optional<Signals> fresh = picture.freshSignals(now);
        if (fresh.isEmpty()) {
            view.put("why", picture.whyNoSignals());
        }
        fresh.ifPresent(signals -> {
            put(view, "load", signals.load());
            put(view, "forecast", signals.forecast());
            put(view, "demandPods", signals.demandPods());
            signals.capacity().ifPresent(capacity -> {
                view.put("capacityRequests", round(capacity.requests()));
                view.put("capacityConfidence", round(capacity.confidence()));
                view.put("capacityLimit", capacity.limit());
            });
            Map<String, Object> pressures = new LinkedHashMap<>();
            signals.pressures().byResource().forEach((resource, value) -> pressures.put(resource, round(value)));
            view.put("pressures", pressures);
            view.put("timeToFirstTokenSeconds", latency(signals.ttft()));
            view.put("interTokenSeconds", latency(signals.itl()));
        });
        return view;
    }

    private static Map<String, Object> latency(Latency latency) {
        Map<String, Object> view = new LinkedHashMap<>();
        put(view, "mean", latency.mean());
        put(view, "p95", latency.p95());
        return view;
    }

    /** The own pod and the pool as the API server shows them. */
    private static Optional<Map<String, Object>> cluster(Picture picture, Instant now) {
        return picture.cluster().pod().map(pod -> {
            Map<String, Object> view = new LinkedHashMap<>();
            picture.cluster().podAge(now).ifPresent(age -> view.put("podAgeSeconds", seconds(age)));
            pod.problem().ifPresent(problem -> view.put("podWhy", problem.why()));
            pod.one().flatMap(OwnPod::oddity).ifPresent(why -> view.put("podOddity", why));
            picture.cluster().serviceWarning().ifPresent(why -> view.put("serviceWarning", why));
            picture.metadata().trouble().ifPresent(why -> view.put("marksWhy", why));
            pod.one().flatMap(OwnPod::vllm).ifPresent(vllm -> view.put("vllm", vllm(vllm)));
            pod.one().ifPresent(own -> own.vllm().ifPresent(vllm -> view.put("spec", spec(own, vllm))));
            picture.cluster().plan().ifPresent(cached -> {
                picture.cluster().planAge(now).ifPresent(age -> view.put("planAgeSeconds", seconds(age)));
                cached.problem().ifPresent(problem -> view.put("planWhy", problem.why()));
            });
            picture.cluster().poolPlan().ifPresent(plan -> view.put("plan", plan(plan)));
            picture.cluster().poolProblem().ifPresent(problem -> view.put("poolWhy", problem.why()));
            picture.cluster().leading().ifPresent(leading -> {
                view.put("leaderOfTerm", leading.term());
                view.put("poolPods", leading.pods());
            });
            put(view, "poolDemandPods", picture.cluster().poolDemand(now));
            put(view, "wantedPods", picture.cluster().wantedPods());
            return view;
        });
    }

    private static Map<String, Object> vllm(VllmContainer vllm) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("container", vllm.name());
        view.put("restarts", vllm.restarts());
        vllm.startedAt().ifPresent(at -> view.put("startedAt", at.toString()));
        vllm.arguments().port().ifPresent(port -> view.put("port", port));
        vllm.arguments().maxNumSeqs().ifPresent(limit -> view.put("maxNumSeqs", limit));
        vllm.arguments().servedModel().ifPresent(model -> view.put("servedModel", model));
        return view;
    }

    /** What of the pod's spec is there for the sidecar to work. */
    private static Map<String, Object> spec(OwnPod own, VllmContainer vllm) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("livenessProbe", vllm.hooks().livenessProbe());
        view.put("preStop", vllm.hooks().preStop());
        own.gracePeriod().ifPresent(grace -> view.put("gracePeriodSeconds", grace.toSeconds()));
        return view;
    }

    private static Map<String, Object> plan(Plan plan) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("generation", plan.generation());
        view.put("leader", plan.holder());
        view.put("term", plan.term());
        view.put("reason", plan.reason());
        view.put("active", plan.active());
        return view;
    }

    private static Map<String, Object> coldStart(Picture picture) {
        Map<String, Object> view = new LinkedHashMap<>();
        picture.state().coldStart().load().ifPresent(took -> view.put("load", seconds(took)));
        picture.state().coldStart().warmUp().ifPresent(took -> view.put("warmUp", seconds(took)));
        picture.state().coldStart().total().ifPresent(took -> view.put("total", seconds(took)));
        return view;
    }

    private static void put(Map<String, Object> view, String key, OptionalDouble value) {
        value.ifPresent(known -> view.put(key, round(known)));
    }

    /** Six digits after the point: more is noise. */
    private static double round(double value) {
        return Math.abs(value) < 1e12 ? Math.round(value * 1e6) / 1e6 : value;
    }

    private static double seconds(Duration duration) {
        return Math.round(duration.toNanos() / 1e6) / 1e3;
    }
}
