package dev.pilotlight.loop;

import dev.pilotlight.cluster.ClusterConditions;
import dev.pilotlight.drain.Drain;
import dev.pilotlight.drain.DrainOrder;
import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineReading.NotYet;
import dev.pilotlight.engine.EngineReading.Unreachable;
import dev.pilotlight.engine.EngineReading.Unreadable;
import dev.pilotlight.http.Cause;
import dev.pilotlight.lifecycle.Condition;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.lifecycle.Round;
import dev.pilotlight.pod.OwnPod;
import dev.pilotlight.pool.managed.Leading;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/** One log line per change of state, and none in between. WARN is for what an operator can act on. */
final class ChangeLog {
    private static final Logger LOG = Logger.getLogger("pilotlight");

    void note(Memory before, Memory after) {
        phase(before.engine().phase(), after.engine().phase());
        warmUp(before.engine().phase(), after.engine().phase());
        source(
                before.engine().track().latest(),
                after.engine().track().latest(),
                after.engine().track().answeredAt().isPresent());
        // What the engine has failed of is in the line of its phase.
        boolean isJudged = after.engine().phase() instanceof Phase.Failed
                && !(before.engine().phase() instanceof Phase.Failed);
        conditions(before, after);
        gpu(before.gpu(), after.gpu(), isJudged);
        drain(before, after);
        clusterConditions(before.pool().conditions(), after.pool().conditions());
        cluster(before, after);
        after.pool()
                .role()
                .role()
                .filter(now -> before.pool()
                        .role()
                        .role()
                        .map(then -> !then.word().equals(now.word()))
                        .orElse(true))
                .ifPresent(now -> LOG.infof("role %s", now.word()));
        if (after.engine().track().restarts() > before.engine().track().restarts()) {
            LOG.warnf(
                    "the engine was replaced by a new process (restart %d seen from here)",
                    after.engine().track().restarts());
        }
    }

    /** One line when the API server is lost, one when it is back. */
    private static void clusterConditions(ClusterConditions before, ClusterConditions after) {
        Optional<String> then = before.silence().problem();
        Optional<String> now = after.silence().problem();
        news(then, now).ifPresent(why -> LOG.warnf("%s; labels and roles stay as they are until it answers", why));
        news(before.stranger().problem(), after.stranger().problem())
                .filter(why -> then.isPresent() && !then.get().equals(why))
                .ifPresent(LOG::warn);
        if (then.isPresent() && now.isEmpty()) {
            LOG.info("the API server answers again");
        }
        news(before.metadata().problem(), after.metadata().problem()).ifPresent(LOG::warn);
        news(before.pool().problem(), after.pool().problem()).ifPresent(LOG::warn);
    }

    private static void cluster(Memory before, Memory after) {
        news(before.pool().cluster().serviceWarning(), after.pool().cluster().serviceWarning())
                .ifPresent(LOG::warn);
        news(oddity(before), oddity(after)).ifPresent(LOG::warn);
        Optional<Leading> leads = after.pool().cluster().leading();
        if (leads.isPresent() != before.pool().cluster().leading().isPresent()) {
            LOG.info(leads.map(it -> "leads the pool, term " + it.term()).orElse("leads the pool no more"));
        }
        after.pool()
                .cluster()
                .poolPlan()
                .filter(plan -> leads.isPresent()
                        && before.pool()
                                .cluster()
                                .poolPlan()
                                .filter(old -> old.generation() == plan.generation())
                                .isEmpty())
                .ifPresent(plan -> LOG.infof("plan %d: %s", plan.generation(), plan.reason()));
    }

    private static Optional<String> oddity(Memory memory) {
        return memory.pool().cluster().ownPod().flatMap(OwnPod::oddity);
    }

    private static Optional<String> news(Optional<String> before, Optional<String> after) {
        return after.filter(_ -> before.isEmpty());
    }

    private static void gpu(GpuTrack before, GpuTrack after, boolean isJudged) {
        if (!after.latest().why().equals(before.latest().why())) {
            LOG.infof("gpu: %s", after.latest().why());
        }
        after.faults().stream()
                .filter(fault -> !(isJudged && fault.fails()))
                .filter(fault -> before.faults().stream().noneMatch(fault::sameAs))
                .forEach(fault -> LOG.warnf("gpu fault (%s): %s", fault.action(), fault.reason()));
    }

    /** What the line of the phase does not say. */
    private static void conditions(Memory before, Memory after) {
        after.engine().conditions().standing().forEach((condition, standing) -> {
            if (!isOf(after.engine().phase(), condition)
                    && !before.engine().conditions().has(condition)) {
                LOG.warnf("%s: %s", condition.word(), standing.why());
            }
        });
        before.engine().conditions().standing().keySet().forEach(condition -> {
            if (condition.effect() == Condition.Effect.SAID
                    && !after.engine().conditions().has(condition)) {
                LOG.infof("no longer %s", condition.word());
            }
        });
    }

    private static boolean isOf(Phase phase, Condition condition) {
        return condition == Condition.SUSPENDED
                || phase instanceof Phase.Failed failed
                        && (failed.condition() == condition || condition.effect() != Condition.Effect.SAID);
    }

    private static void drain(Memory before, Memory after) {
        if (after.drain().isPresent() && before.drain().isEmpty()) {
            DrainOrder order = after.drain().get().order();
            LOG.infof("drain ordered by %s, deadline %s", order.by(), order.deadline());
        }
        after.drain()
                .flatMap(Drain::ended)
                .filter(ended -> before.drain().flatMap(Drain::ended).isEmpty())
                .ifPresent(ended -> LOG.infof("drained: %s", ended.how()));
        after.drain()
                .filter(going -> going.ended().isEmpty() && going.inFlight().isPresent())
                .filter(going -> before.drain()
                        .filter(then -> then.inFlight().equals(going.inFlight()))
                        .isEmpty())
                .ifPresent(going -> LOG.infof(
                        "draining: %d requests in flight",
                        Math.round(going.inFlight().getAsDouble())));
    }

    private static void warmUp(Phase before, Phase after) {
        if (before instanceof Phase.Warming then && after instanceof Phase.Warming now) {
            if (now.rounds().size() > then.rounds().size()) {
                Round round = now.rounds().getLast();
                LOG.infof("warm-up round %d: time to first token %s", round.number(), times(round));
            } else if (now.failures() > then.failures()) {
                LOG.warnf("warm-up request failed: %s", now.lastFailure());
            }
        }
    }

    private static String times(Round round) {
        return round.timings().stream()
                .map(timing -> timing.shape() + " " + timing.firstToken().toMillis() + " ms")
                .collect(Collectors.joining(", "));
    }

    private static void phase(Phase before, Phase after) {
        if (before.word().equals(after.word())) {
            if (before instanceof Phase.Failed then
                    && after instanceof Phase.Failed now
                    && then.condition() != now.condition()) {
                LOG.warnf("phase failed, now %s: %s", now.condition().word(), now.reason());
            }
            return;
        }
        switch (after) {
            case Phase.Starting starting -> LOG.infof("phase %s -> starting: %s", before.word(), starting.why());
            case Phase.Warming _ -> LOG.infof("phase %s -> warming: model listed, warm-up under way", before.word());
            case Phase.Ready ready -> LOG.infof("phase %s -> ready: %s", before.word(), ready.how());
            case Phase.Suspended suspended ->
                LOG.infof("phase %s -> suspended: the engine is %s, on request", before.word(), suspended.how());
            case Phase.Draining _ -> LOG.infof("phase %s -> draining", before.word());
            case Phase.Failed failed ->
                LOG.warnf(
                        "phase %s -> failed, %s: %s",
                        before.word(), failed.condition().word(), failed.reason());
        }
    }

    private static void source(EngineReading before, EngineReading after, boolean answeredOnce) {
        if (before == after || kind(before).equals(kind(after))) {
            return;
        }
        switch (after) {
            case NotYet _ -> {}
            case Answered answered -> LOG.infof("engine answers; metrics page read %s", answered.route());
            case Unreadable unreadable -> LOG.infof("engine unreadable: %s", unreadable.why());
            case Unreachable unreachable when unreachable.cause() == Cause.TLS || unreachable.cause() == Cause.NAME -> {
                // The line of the condition says it.
            }
            case Unreachable unreachable
            when !answeredOnce -> LOG.infof("waiting for the engine: %s", unreachable.why());
            case Unreachable unreachable -> LOG.infof("engine unreachable: %s", unreachable.why());
        }
    }

    private static String kind(EngineReading reading) {
        return switch (reading) {
            case NotYet _ -> "not yet";
            case Answered _ -> "answered";
            case Unreadable _ -> "unreadable";
            case Unreachable unreachable -> "unreachable " + unreachable.cause();
        };
    }
}
