package dev.pilotlight.simulator;

import java.io.IOException;

/** Answers the paths by which vLLM is watched and steered: health, load, version, models, sleep and pause. */
final class ServerAnswers {
    private final EngineProcess process;

    ServerAnswers(EngineProcess process) {
        this.process = process;
    }

    void health(Call call) throws IOException {
        call.empty(process.isEngineDead() ? 503 : 200);
    }

    void load(Call call) throws IOException {
        call.json(200, "{\"server_load\":" + (process.options().trackLoad() ? process.openRequests() : 0) + "}");
    }

    void version(Call call) throws IOException {
        call.json(200, "{\"version\":\"" + process.options().page().version().number() + "\"}");
    }

    void models(Call call) throws IOException {
        String model = Json.quote(process.options().model());
        call.json(200, """
                {"object":"list","data":[{"id":%s,"object":"model","created":%d,"owned_by":"vllm","root":%1$s,"parent":null,\
                "max_model_len":%d,"permission":[]}]}""".formatted(
                        model,
                        System.currentTimeMillis() / 1000,
                        process.options().profile().maxModelLen()));
    }

    void sleep(Call call) throws IOException {
        process.core().setSleep(Sleep.ofLevel(call.integer("level", 1)));
        call.empty(200);
    }

    void wakeUp(Call call) throws IOException {
        process.core().setSleep(Sleep.AWAKE);
        call.empty(200);
    }

    /** Seen: a paused engine says that it sleeps, too. */
    void isSleeping(Call call) throws IOException, InterruptedException {
        process.core().roundTrip();
        call.json(200, "{\"is_sleeping\":" + (process.core().gate() != Batch.Gate.OPEN) + "}");
    }

    void isPaused(Call call) throws IOException, InterruptedException {
        process.core().roundTrip();
        call.json(200, "{\"is_paused\":" + (process.core().gate() != Batch.Gate.OPEN) + "}");
    }

    void pause(Call call) throws IOException, InterruptedException {
        switch (call.parameter("mode", "abort")) {
            case "abort" -> process.core().setGate(Batch.Gate.FROZEN, true);
            case "keep" -> process.core().setGate(Batch.Gate.FROZEN, false);
            case "wait" -> {
                process.core().setGate(Batch.Gate.HOLD_NEW, false);
                process.core().awaitDrained();
            }
            default -> {
                call.json(400, "{\"error\":\"Invalid mode. Use 'abort', 'wait' or 'keep'.\"}");
                return;
            }
        }
        call.json(200, "{\"status\":\"paused\"}");
    }

    void resume(Call call) throws IOException {
        process.core().setGate(Batch.Gate.OPEN, false);
        call.json(200, "{\"status\":\"resumed\"}");
    }
}
