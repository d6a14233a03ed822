package dev.pilotlight.simulator;

import java.io.IOException;
import java.time.Duration;
import java.util.Locale;

/** Answers {@code POST /sim/...}, by which a person or a test makes the engine misbehave; callers on this machine only. */
final class FaultAnswers {
    private final EngineProcess process;

    FaultAnswers(EngineProcess process) {
        this.process = process;
    }

    void answer(Call call) throws IOException {
        if (!call.isLocal()) {
            call.json(403, "{\"error\":\"faults are for callers on this machine\"}");
        } else if (!call.method().equals("POST")) {
            call.methodNotAllowed("POST");
        } else {
            try {
                String done = act(call, call.path().substring("/sim/".length()));
                call.json(done == null ? 404 : 200, done == null ? unknown() : "{\"done\":" + Json.quote(done) + "}");
            } catch (IllegalArgumentException e) {
                call.json(400, "{\"error\":" + Json.quote(String.valueOf(e.getMessage())) + "}");
            }
        }
    }

    private static String unknown() {
        return "{\"error\":\"no such fault; there are hang, continue, kill-engine, die, terminate, unavailable, garble, slow, "
                + "reset-counters, huge, clear\"}";
    }

    private String act(Call call, String fault) {
        Faults faults = process.faults();
        switch (fault) {
            case "hang" -> {
                String when = call.parameter("when", "now");
                process.core()
                        .hang(
                                call.integer("rank", -1),
                                switch (when) {
                                    case "now" -> EngineCore.Hang.NOW;
                                    case "busy" -> EngineCore.Hang.WHEN_BUSY;
                                    case "idle" -> EngineCore.Hang.WHEN_IDLE;
                                    default ->
                                        throw new IllegalArgumentException(
                                                "hang when " + when + "; there are now, busy, idle");
                                });
                return "the engine core hangs, " + when;
            }
            case "continue" -> {
                process.core().unhang();
                return "the engine core goes on";
            }
            case "kill-engine" -> {
                process.killEngine(call.integer("rank", 0));
                return "the engine core is dead";
            }
            case "die" -> {
                process.after(Duration.ofMillis(20), process::exit);
                return "the process ends now";
            }
            case "terminate" -> {
                process.terminate();
                return "SIGTERM";
            }
            case "unavailable" -> {
                faults.unavailableFor(seconds(call, 10));
                return "503 to everything for " + seconds(call, 10);
            }
            case "garble" -> {
                faults.garble(
                        Faults.Garble.valueOf(call.parameter("how", "garbage").toUpperCase(Locale.ROOT)));
                return "pages are " + faults.garble();
            }
            case "slow" -> {
                faults.delay(new Faults.Delay(seconds(call, 2), call.parameter("path", "/")));
                return "answers come late by " + seconds(call, 2);
            }
            case "reset-counters" -> {
                process.resetCounters();
                return "counters are back at 0";
            }
            case "huge" -> {
                faults.bulk(new Faults.Bulk(
                        (long) (call.number("megabytes", 0) * 1e6),
                        call.integer("series", 0),
                        call.parameter("family", process.options().page().prefix() + "num_requests_running")));
                return "pages are " + faults.bulk();
            }
            case "clear" -> {
                faults.clear();
                process.core().unhang();
                return "all is well";
            }
            default -> {
                return null;
            }
        }
    }

    private static Duration seconds(Call call, double otherwise) {
        return Duration.ofNanos((long) (call.number("seconds", otherwise) * 1e9));
    }
}
