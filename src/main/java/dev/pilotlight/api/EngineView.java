package dev.pilotlight.api;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.Model;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.lifecycle.Round;
import dev.pilotlight.loop.Picture;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What the status says of the engine: its newest numbers, its warm-up, what moves. */
final class EngineView {
    private EngineView() {}

    static Map<String, Object> of(Picture picture, Instant now) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("answers", picture.engineAnswers(now));
        picture.engineAge(now).ifPresent(age -> view.put("ageSeconds", Numbers.seconds(age)));
        view.put("restarts", picture.engine().restarts());
        if (!(picture.engine().latest() instanceof Answered)) {
            view.put("why", picture.whyNoSignals(now));
        }
        picture.freshNumbers(now).ifPresent(numbers -> {
            numbers.model().ifPresent(model -> view.put("model", model(model)));
            view.put("metricsPage", numbers.route());
            EngineSnapshot snapshot = numbers.snapshot();
            snapshot.leftOut().ifPresent(why -> view.put("leftOut", why));
            Numbers.put(view, "kvCacheTokens", snapshot.cache().tokens());
            Numbers.put(view, "requestsInFlight", numbers.inFlight());
            view.put("ranks", snapshot.ranks().stream().map(EngineView::rank).toList());
        });
        return view;
    }

    /** The rounds of the warm-up under way, or of the last one. */
    static Optional<Map<String, Object>> warmUp(Picture picture) {
        if (picture.state().rounds().isEmpty() && !(picture.phase() instanceof Phase.Warming)) {
            return Optional.empty();
        }
        Map<String, Object> view = new LinkedHashMap<>();
        view.put(
                "rounds",
                picture.state().rounds().stream().map(EngineView::round).toList());
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
                            "timeToFirstTokenSeconds", Numbers.seconds(timing.firstToken()),
                            "totalSeconds", Numbers.seconds(timing.total())));
        }
        return view;
    }

    /** The evidence for and against a hang, rank by rank. */
    static Map<String, Object> progress(Picture picture) {
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
        Numbers.put(view, "kvCacheUse", rank.kvCacheUse());
        Numbers.put(view, "promptTokens", rank.promptTokens());
        Numbers.put(view, "generationTokens", rank.generationTokens());
        Numbers.put(view, "successes", rank.successes());
        Numbers.put(view, "preemptions", rank.preemptions());
        Numbers.put(view, "answeredTokens", rank.answeredTokens());
        Numbers.put(view, "cachedPromptTokens", rank.cachedPromptTokens());
        Numbers.put(view, "steps", rank.steps());
        return view;
    }

    static Map<String, Object> coldStart(Picture picture) {
        Map<String, Object> view = new LinkedHashMap<>();
        picture.state().coldStart().load().ifPresent(took -> view.put("load", Numbers.seconds(took)));
        picture.state().coldStart().warmUp().ifPresent(took -> view.put("warmUp", Numbers.seconds(took)));
        picture.state().coldStart().total().ifPresent(took -> view.put("total", Numbers.seconds(took)));
        return view;
    }
}
