package dev.pilotlight.api;

import dev.pilotlight.loop.Picture;
import dev.pilotlight.pod.OwnPod;
import dev.pilotlight.pod.VllmContainer;
import dev.pilotlight.pool.plan.Plan;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the status says of the own pod and its pool, as the API server shows them. */
final class PodView {
    private PodView() {}

    /** The own pod and the pool as the API server shows them. */
    static Optional<Map<String, Object>> of(Picture picture, Instant now) {
        return picture.cluster().pod().map(pod -> {
            Map<String, Object> view = new LinkedHashMap<>();
            picture.cluster().podAge(now).ifPresent(age -> view.put("podAgeSeconds", Numbers.seconds(age)));
            pod.problem().ifPresent(problem -> view.put("podWhy", problem.why()));
            pod.one().flatMap(OwnPod::oddity).ifPresent(why -> view.put("podOddity", why));
            picture.cluster().serviceWarning().ifPresent(why -> view.put("serviceWarning", why));
            picture.metadata().trouble().ifPresent(why -> view.put("marksWhy", why));
            pod.one().flatMap(OwnPod::vllm).ifPresent(vllm -> view.put("vllm", vllm(vllm)));
            pod.one().ifPresent(own -> own.vllm().ifPresent(vllm -> view.put("spec", spec(own, vllm))));
            picture.cluster().plan().ifPresent(cached -> {
                picture.cluster().planAge(now).ifPresent(age -> view.put("planAgeSeconds", Numbers.seconds(age)));
                cached.problem().ifPresent(problem -> view.put("planWhy", problem.why()));
            });
            picture.cluster().poolPlan().ifPresent(plan -> view.put("plan", plan(plan)));
            picture.cluster().poolProblem().ifPresent(problem -> view.put("poolWhy", problem.why()));
            picture.cluster().leading().ifPresent(leading -> {
                view.put("leaderOfTerm", leading.term());
                view.put("poolPods", leading.pods());
            });
            Numbers.put(view, "poolDemandPods", picture.cluster().poolDemand(now));
            Numbers.put(view, "wantedPods", picture.cluster().wantedPods());
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

    static Map<String, Object> plan(Plan plan) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("generation", plan.generation());
        view.put("leader", plan.holder());
        view.put("term", plan.term());
        view.put("reason", plan.reason());
        view.put("active", List.copyOf(plan.active()));
        return view;
    }
}
