package dev.pilotlight.simulator;

import java.io.IOException;
import java.util.Map;
import java.util.Set;

/** Which path is answered by whom, and what is counted on the way. */
final class Routes {
    /** Paths that vLLM's middleware does not count. */
    private static final Set<String> UNCOUNTED =
            Set.of("/metrics", "/metrics/", "/health", "/load", "/ping", "/version");

    private interface Handler {
        void handle(Call call) throws IOException, InterruptedException;
    }

    private record Route(String method, Handler handler, boolean work) {}

    private final EngineProcess process;
    private final FaultAnswers sim;
    private final Map<String, Route> routes = new java.util.HashMap<>();

    Routes(EngineProcess process) {
        this.process = process;
        this.sim = new FaultAnswers(process);
        MetricsAnswers metrics = new MetricsAnswers(process);
        ServerAnswers server = new ServerAnswers(process);
        OpenAiAnswers openAi = new OpenAiAnswers(process);
        get("/metrics", metrics::answer);
        get("/metrics/", metrics::answer);
        get("/health", server::health);
        get("/ping", server::health);
        get("/load", server::load);
        get("/version", server::version);
        get("/v1/models", server::models);
        work("/v1/completions", call -> openAi.answer(call, Completion.Kind.COMPLETION));
        work("/v1/chat/completions", call -> openAi.answer(call, Completion.Kind.CHAT));
        work("/v1/embeddings", call -> openAi.answer(call, Completion.Kind.EMBEDDING));
        if (process.options().devMode()) {
            post("/sleep", server::sleep);
            post("/wake_up", server::wakeUp);
            get("/is_sleeping", server::isSleeping);
            post("/pause", server::pause);
            post("/resume", server::resume);
            get("/is_paused", server::isPaused);
        }
    }

    private void get(String path, Handler handler) {
        routes.put(path, new Route("GET", handler, false));
    }

    private void post(String path, Handler handler) {
        routes.put(path, new Route("POST", handler, false));
    }

    private void work(String path, Handler handler) {
        routes.put(path, new Route("POST", handler, true));
    }

    void answer(Call call) throws IOException, InterruptedException {
        if (call.path().startsWith("/sim/")) {
            sim.answer(call);
            return;
        }
        Faults.Delay delay = process.faults().delay();
        if (delay.concerns(call.path())) {
            Thread.sleep(delay.duration());
        }
        if (process.faults().unavailable()) {
            call.json(503, "{\"error\":\"The model is currently scaling. Please try again later.\"}");
            return;
        }
        Route route = routes.get(call.path());
        try {
            dispatch(call, route);
        } finally {
            if (!UNCOUNTED.contains(call.path()) && call.status() > 0) {
                String handler = route == null ? "none" : call.path();
                process.http()
                        .count(handler, call.method(), call.status(), call.received(), call.sent(), call.seconds());
            }
        }
    }

    private void dispatch(Call call, Route route) throws IOException, InterruptedException {
        if (route == null) {
            call.notFound();
        } else if (!allowed(call, route)) {
            call.methodNotAllowed(route.method);
        } else if (!authorized(call)) {
            call.json(401, "{\"error\":\"Unauthorized\"}");
        } else if (route.work) {
            process.openRequestCount().incrementAndGet();
            try {
                route.handler.handle(call);
            } finally {
                process.openRequestCount().decrementAndGet();
            }
        } else {
            route.handler.handle(call);
        }
    }

    /** {@code /ping} takes POST, too; {@code /metrics} is an application of its own and takes anything. */
    private static boolean allowed(Call call, Route route) {
        return call.method().equals(route.method)
                || call.path().equals("/ping") && call.method().equals("POST")
                || call.path().startsWith("/metrics");
    }

    private boolean authorized(Call call) {
        String key = process.options().apiKey();
        return key.isEmpty()
                || !call.path().startsWith("/v1/")
                || ("Bearer " + key).equals(call.header("Authorization"));
    }
}
