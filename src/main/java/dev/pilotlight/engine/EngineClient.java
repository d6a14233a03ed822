package dev.pilotlight.engine;

import dev.pilotlight.engine.Abilities.Load;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.PageClient.Page;
import dev.pilotlight.engine.SmallAnswers.SmallAnswer;
import dev.pilotlight.http.Cause;
import dev.pilotlight.http.Excerpt;
import dev.pilotlight.http.Http;
import dev.pilotlight.http.Http.Answer;
import dev.pilotlight.prometheus.Limits;
import dev.pilotlight.range.Range;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * One poll of the engine: health, the metrics page by the cheapest way that this server honours, the model until it is known.
 *
 * <p>Used by one thread, but for {@link #doubtModel}. It never throws: failing to learn is one of the readings.
 */
public final class EngineClient {
    private static final Duration PAUSE_EVERY = Duration.ofSeconds(10);
    /** Not with every request that fails: its list is a request of its own. */
    private static final Duration MODELS_AGAIN = Duration.ofSeconds(10);

    private static final Duration LOAD_EVERY = Duration.ofSeconds(10);
    private static final int POLLS_TO_GIVE_UP_LOAD = 3;
    /** Of what /health says when it is not well. */
    private static final int HEALTH_SHOWN = 300;

    /** A model's name is a path or a repository; this is as long as a file's name may be, twice. */
    private static final int LONGEST_NAME = 512;

    private final Http http;
    private final Duration timeout;
    private final PageClient pages;
    private final SmallAnswers small;

    private Abilities abilities = Abilities.UNTRIED;
    private OptionalDouble processStart = OptionalDouble.empty();
    private Instant loadAt = Instant.EPOCH;
    private Instant modelsAt = Instant.EPOCH;
    private volatile boolean isModelDoubted;

    public EngineClient(Http http, Duration timeout, Limits limits) {
        this.http = http;
        this.timeout = timeout;
        this.pages = new PageClient(http, timeout, limits);
        this.small = new SmallAnswers(http, timeout);
    }

    public EngineReading read(Instant now) {
        HealthAnswer health;
        ByteArrayOutputStream said = new ByteArrayOutputStream(0);
        switch (http.get("/health", timeout, (bytes, offset, length) -> {
            said.write(bytes, offset, Math.min(length, HEALTH_SHOWN - said.size()));
            return true;
        })) {
            case Answer.Lost(Cause cause, String why)
            when cause == Cause.REFUSED -> {
                forget();
                return new EngineReading.Unreachable(now, cause, why);
            }
            // No other request to it would fare better.
            case Answer.Lost(Cause cause, String why)
            when cause == Cause.TLS || cause == Cause.NAME -> {
                return new EngineReading.Unreachable(now, cause, why);
            }
            case Answer.Lost _ -> health = new HealthAnswer.NoAnswer();
            case Answer.Got got ->
                health = HealthAnswer.of(
                        got.status(), got.sentOn().orElseGet(() -> Excerpt.of(said.toByteArray(), said.size())));
        }
        return switch (pages.read(now)) {
            case Page.Lost(Cause cause, String why)
            when cause == Cause.REFUSED -> {
                forget();
                yield new EngineReading.Unreachable(now, cause, why);
            }
            case Page.Lost(Cause cause, String why) ->
                health instanceof HealthAnswer.NoAnswer
                        ? new EngineReading.Unreachable(now, cause, why)
                        : unreadable(now, health, why);
            case Page.Bad(String why) -> unreadable(now, health, why);
            case Page.Good(EngineSnapshot snapshot, String route) -> answered(now, snapshot, health, route);
        };
    }

    private EngineReading answered(Instant now, EngineSnapshot snapshot, HealthAnswer health, String route) {
        if (isAnotherProcess(snapshot)) {
            forget();
        }
        processStart = snapshot.processStart();
        String modelsWhy =
                model(now, snapshot.models().isEmpty() ? "" : snapshot.models().getFirst(), true);
        return new EngineReading.Answered(
                now, snapshot, health, abilities.model(), modelsWhy, inFlight(snapshot, now), pause(now), route);
    }

    private EngineReading unreadable(Instant now, HealthAnswer health, String why) {
        String modelsWhy = model(now, "", health instanceof HealthAnswer.Healthy);
        boolean isStranger = abilities.model().isEmpty()
                && health instanceof HealthAnswer.Unhealthy(int status, String _)
                && status < 500;
        return new EngineReading.Unreadable(
                now, health, abilities.model(), pause(now), isStranger ? stranger(health, why, modelsWhy) : why);
    }

    /** Nothing there that a vLLM server has. */
    private String stranger(HealthAnswer health, String why, String modelsWhy) {
        String said = health instanceof HealthAnswer.Unhealthy(int status, String _)
                ? http.url("/health") + " answered " + status + ", "
                : "";
        return said + why + ", " + modelsWhy
                + (http.url("").endsWith("/v1")
                        ? "; pilotlight.engine.url ends in /v1: leave that away"
                        : "; does pilotlight.engine.url point to another server than vLLM?");
    }

    /** What was found out belongs to the process before. */
    private void forget() {
        abilities = Abilities.UNTRIED;
        pages.forget();
    }

    /** Asks for the models again with the next poll, at most every ten seconds: a request was told that this one does not exist. */
    public void doubtModel() {
        isModelDoubted = true;
    }

    private boolean isAnotherProcess(EngineSnapshot snapshot) {
        return snapshot.processStart().isPresent()
                && processStart.isPresent()
                && snapshot.processStart().getAsDouble() != processStart.getAsDouble();
    }

    /**
     * Learns the model where it is not known yet; says why it is not.
     *
     * @param served the name on the metrics page; empty where it has none
     * @param isEngine whether something else shows that it is an engine at all
     */
    private String model(Instant now, String served, boolean isEngine) {
        boolean isAskedAgain = isModelDoubted && !now.isBefore(modelsAt.plus(MODELS_AGAIN));
        if (abilities.model().isPresent() && !isAskedAgain) {
            return "";
        }
        modelsAt = now;
        isModelDoubted = false;
        String why = askForModels(served, isEngine);
        return abilities.model().isPresent() ? "" : why;
    }

    private String askForModels(String served, boolean isEngine) {
        return switch (small.get("/v1/models")) {
            case SmallAnswer.Json(JsonObject json) -> {
                Optional<Model> first = firstModel(json);
                first.ifPresent(found -> abilities = abilities.with(found));
                yield first.isPresent() ? "" : "GET /v1/models lists no model yet";
            }
            case SmallAnswer.Status(int status)
            when isEngine && (status == 401 || status == 403 || status == 404 || status == 405) -> {
                // It serves, and keeps its list from us or has none: the requests to come will say what is missing.
                abilities = abilities.with(new Model(served, OptionalInt.empty()));
                yield "";
            }
            case SmallAnswer.Status(int status) ->
                "GET /v1/models answered " + status + (status < 400 ? ", a redirect, which is not followed" : "");
            case SmallAnswer.Nothing(String why) -> why;
        };
    }

    private static Optional<Model> firstModel(JsonObject json) {
        if (json.getValue("data") instanceof JsonArray data
                && !data.isEmpty()
                && data.getValue(0) instanceof JsonObject first
                && first.getValue("id") instanceof String id
                && id.length() <= LONGEST_NAME) {
            return Optional.of(new Model(id, Range.CONTEXT.whole(first.getValue("max_model_len"))));
        }
        return Optional.empty();
    }

    /** {@code /load} where the server tracks it; a server that says 0 beside visible work does not. An idle one tells rarely. */
    private OptionalDouble inFlight(EngineSnapshot snapshot, Instant now) {
        boolean isIdle = snapshot.running() + snapshot.waiting() == 0;
        if (abilities.load() == Load.ABSENT
                || abilities.load() == Load.UNTRIED && isIdle && now.isBefore(loadAt.plus(LOAD_EVERY))) {
            return OptionalDouble.empty();
        }
        loadAt = now;
        OptionalDouble said = small.get("/load") instanceof SmallAnswer.Json(JsonObject json)
                ? Range.REQUESTS.number(json.getValue("server_load"))
                : OptionalDouble.empty();
        if (said.isEmpty()) {
            abilities = abilities.with(Load.ABSENT, 0);
            return OptionalDouble.empty();
        }
        double load = said.getAsDouble();
        if (load > 0) {
            abilities = abilities.with(Load.TRACKED, 0);
        } else if (abilities.load() == Load.UNTRIED && snapshot.running() > 0) {
            int polls = abilities.idlePolls() + 1;
            abilities = abilities.with(polls >= POLLS_TO_GIVE_UP_LOAD ? Load.ABSENT : Load.UNTRIED, polls);
        }
        return abilities.load() == Load.TRACKED ? OptionalDouble.of(load) : OptionalDouble.empty();
    }

    /** In developer mode the engine says whether somebody paused it or put it to sleep; else these paths answer 404. */
    private Pause pause(Instant now) {
        if (!abilities.developerMode()
                || !isSuspended()
                        && abilities.pauseAt() != Instant.MIN
                        && now.isBefore(abilities.pauseAt().plus(PAUSE_EVERY))) {
            return abilities.pause();
        }
        SmallAnswer paused = small.get("/is_paused");
        if (paused instanceof SmallAnswer.Nothing) {
            // The engine hangs, and it would hold up the poll a second time.
            abilities = abilities.with(true, Pause.UNKNOWN, now);
            return abilities.pause();
        }
        SmallAnswer asleep = small.get("/is_sleeping");
        if (isNotThere(paused) && isNotThere(asleep)) {
            abilities = abilities.with(false, Pause.UNKNOWN, now);
        } else if (says(paused, "is_paused")) {
            abilities = abilities.with(true, Pause.PAUSED, now);
        } else if (says(asleep, "is_sleeping")) {
            abilities = abilities.with(true, Pause.ASLEEP, now);
        } else {
            boolean answers = paused instanceof SmallAnswer.Json || asleep instanceof SmallAnswer.Json;
            // A gateway that answers 503 in its place does not wake it.
            abilities = abilities.with(true, answers ? Pause.NONE : abilities.pause(), now);
        }
        return abilities.pause();
    }

    /** Then it is asked at every poll, so that the pod is back as soon as the engine is: it has nothing else to do. */
    private boolean isSuspended() {
        return abilities.pause() == Pause.PAUSED || abilities.pause() == Pause.ASLEEP;
    }

    /** Any other refusal, a 503 of a sick engine, does not tell. */
    private static boolean isNotThere(SmallAnswer answer) {
        return answer instanceof SmallAnswer.Status(int status) && (status == 404 || status == 405);
    }

    private static boolean says(SmallAnswer answer, String key) {
        return answer instanceof SmallAnswer.Json(JsonObject json) && Boolean.TRUE.equals(json.getValue(key));
    }
}
