package dev.pilotlight.loop;

import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineReading.NotYet;
import dev.pilotlight.engine.EngineReading.Unreachable;
import dev.pilotlight.engine.EngineReading.Unreadable;
import dev.pilotlight.lifecycle.Phase;
import org.jboss.logging.Logger;

/** One log line per change of state, and none in between. WARN is for what an operator can act on. */
final class ChangeLog {
    private static final Logger LOG = Logger.getLogger("pilotlight");

    void note(Memory before, Memory after) {
        phase(before.phase(), after.phase());
        source(before.engine().latest(), after.engine().latest());
        after.role()
                .role()
                .filter(now -> before.role()
                        .role()
                        .map(then -> !then.word().equals(now.word()))
                        .orElse(true))
                .ifPresent(now -> LOG.infof("role %s", now.word()));
        if (after.engine().restarts() > before.engine().restarts()) {
            LOG.warnf(
                    "the engine was replaced by a new process (restart %d seen from here)",
                    after.engine().restarts());
        }
    }

    private static void phase(Phase before, Phase after) {
        if (before.word().equals(after.word())) {
            return;
        }
        switch (after) {
            case Phase.Starting starting -> LOG.infof("phase %s -> starting: %s", before.word(), starting.why());
            case Phase.Warming _ -> LOG.infof("phase %s -> warming: model listed, warm-up under way", before.word());
            case Phase.Ready _ -> LOG.infof("phase %s -> ready", before.word());
            case Phase.Suspended suspended ->
                LOG.infof(
                        "phase %s -> suspended: the engine is %s by somebody's order", before.word(), suspended.how());
            case Phase.Draining _ -> LOG.infof("phase %s -> draining", before.word());
            case Phase.Failed failed -> LOG.warnf("phase %s -> failed: %s", before.word(), failed.reason());
        }
    }

    private static void source(EngineReading before, EngineReading after) {
        if (before == after || kind(before).equals(kind(after))) {
            return;
        }
        switch (after) {
            case NotYet _ -> {}
            case Answered answered -> LOG.infof("engine answers; metrics page read %s", answered.route());
            case Unreadable unreadable -> LOG.warnf("engine unreadable: %s", unreadable.why());
            case Unreachable unreachable -> LOG.warnf("engine unreachable: %s", unreachable.why());
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
