package dev.pilotlight.engine;

import dev.pilotlight.engine.Abilities.Load;
import dev.pilotlight.engine.Abilities.Route;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.http.Cause;
import dev.pilotlight.http.Excerpt;
import dev.pilotlight.http.Http;
import dev.pilotlight.http.Http.Answer;
import dev.pilotlight.prometheus.Limits;
import dev.pilotlight.prometheus.MetricPage;
import dev.pilotlight.prometheus.PageReading;
import dev.pilotlight.prometheus.PrometheusText;
import dev.pilotlight.prometheus.Wanted;
import dev.pilotlight.range.Range;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * One poll of the engine: health, the metrics page by the cheapest way that this server honours, the model until it is known.
 *
 * <p>Used by one thread, but for {@link #doubtModel}. It never throws: failing to learn is one of the readings.
 */
public final class EngineClient {
    /** The histograms cost the engine three times what the gauges cost, and move slowly. */
    private static final Duration HISTOGRAMS_EVERY = Duration.ofSeconds(5);

    private static final Duration PAUSE_EVERY = Duration.ofSeconds(10);
    /** Not with every request that fails: its list is a request of its own. */
    private static final Duration MODELS_AGAIN = Duration.ofSeconds(10);

    private static final Duration LOAD_EVERY = Duration.ofSeconds(10);
    private static final int POLLS_TO_GIVE_UP_LOAD = 3;
    /** Of what /health says when it is not well. */
    private static final int HEALTH_SHOWN = 300;

    private static final int SMALL_BODY = 64 << 10;
    /** A model's name is a path or a repository; this is as long as a file's name may be, twice. */
    private static final int LONGEST_NAME = 512;

    private static final Wanted WANTED = Wanted.of(VllmMetrics.wanted());
    private static final String GAUGES = filtered(false);
    private static final String EVERYTHING = filtered(true);

    private final Http http;
    private final Duration timeout;
    private final Limits limits;
    /** By path. Each knows what its page held last, and reads what is the same again without garbage. */
    private final Map<String, PrometheusText> texts = new HashMap<>();
    /** Whose they are: a whole page may be large, and is not kept beside that of another route. */
    private Route textsOf = Route.UNTRIED;

    private Abilities abilities = Abilities.UNTRIED;
    private OptionalDouble processStart = OptionalDouble.empty();
    private Instant loadAt = Instant.EPOCH;
    private Instant modelsAt = Instant.EPOCH;
    private volatile boolean isModelDoubted;

    public EngineClient(Http http, Duration timeout, Limits limits) {
        this.http = http;
        this.timeout = timeout;
        this.limits = limits;
    }

    private static String filtered(boolean withHistograms) {
        return VllmMetrics.filter(withHistograms).stream()
                .map(name -> "name[]=" + URLEncoder.encode(name, StandardCharsets.UTF_8))
                .collect(Collectors.joining("&", "/metrics/?", ""));
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
                abilities = Abilities.UNTRIED;
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
        return switch (page(now)) {
            case Page.Lost(Cause cause, String why)
            when cause == Cause.REFUSED -> {
                abilities = Abilities.UNTRIED;
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
            abilities = Abilities.UNTRIED;
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

    /** Asks for the models again with the next poll, at most every ten seconds: a request was told that this one does not exist. */
    public void doubtModel() {
        isModelDoubted = true;
    }

    private boolean isAnotherProcess(EngineSnapshot snapshot) {
        return snapshot.processStart().isPresent()
                && processStart.isPresent()
                && snapshot.processStart().getAsDouble() != processStart.getAsDouble();
    }

    /** What came of asking for the metrics page. */
    private sealed interface Page {
        record Good(EngineSnapshot snapshot, String route) implements Page {}

        record Bad(String why) implements Page {}

        record Lost(Cause cause, String why) implements Page {}
    }

    private Page page(Instant now) {
        return switch (abilities.route()) {
            case UNTRIED -> findRoute();
            case FILTERED -> {
                boolean withHistograms = !now.isBefore(
                        abilities.histogramsAt() == Instant.MIN
                                ? now
                                : abilities.histogramsAt().plus(HISTOGRAMS_EVERY));
                Page page = ask(withHistograms ? EVERYTHING : GAUGES, Route.FILTERED);
                if (withHistograms) {
                    abilities = abilities.withHistogramsAt(now);
                }
                if (page instanceof Page.Bad) {
                    // It was honoured before: find out again on the next poll.
                    abilities = abilities.with(Route.UNTRIED);
                }
                yield page;
            }
            case WHOLE -> ask("/metrics", Route.WHOLE);
            case WHOLE_SLASH -> ask("/metrics/", Route.WHOLE_SLASH);
        };
    }

    /**
     * Asks for the gauges alone. A server that honours that sends them without the histograms; one that does not sends everything,
     * an empty page (multi-process), a redirect or an error, and is asked for the whole page from then on.
     */
    private Page findRoute() {
        Page filtered = ask(GAUGES, Route.FILTERED);
        switch (filtered) {
            case Page.Good(EngineSnapshot snapshot, String _) -> {
                boolean honoured = snapshot.latencies().isEmpty();
                abilities = abilities.with(honoured ? Route.FILTERED : Route.WHOLE);
                return honoured ? filtered : new Page.Good(snapshot, Route.WHOLE.word);
            }
            case Page.Lost lost -> {
                return lost;
            }
            case Page.Bad _ -> {
                Page whole = ask("/metrics", Route.WHOLE);
                Route found = Route.WHOLE;
                if (whole instanceof Page.Bad) {
                    Page slash = ask("/metrics/", Route.WHOLE_SLASH);
                    if (slash instanceof Page.Good) {
                        whole = slash;
                        found = Route.WHOLE_SLASH;
                    }
                }
                if (whole instanceof Page.Good) {
                    abilities = abilities.with(found);
                }
                return whole;
            }
        }
    }

    private Page ask(String path, Route route) {
        PrometheusText text = text(path, route);
        text.begin();
        switch (http.get(path, timeout, text::feed)) {
            case Answer.Lost(Cause cause, String why) -> {
                // The wire may still hold on to the old one.
                texts.remove(path);
                return new Page.Lost(cause, why.replace(http.url(path), shown(path, route)));
            }
            case Answer.Got got
            when got.status() != 200 -> {
                return new Page.Bad(shown(path, route) + " "
                        + got.redirect()
                                .map(it -> it + "; set pilotlight.engine.url to the address of vLLM itself")
                                .orElse("answered " + got.status() + " where a metrics page was expected"));
            }
            case Answer.Got got -> {
                return switch (text.end()) {
                    case PageReading.Refused(String why) -> new Page.Bad(shown(path, route) + ": " + why);
                    case PageReading.Read(MetricPage page) ->
                        meaning(page, got.contentType(), shown(path, route), route);
                };
            }
        }
    }

    private PrometheusText text(String path, Route route) {
        if (route != textsOf) {
            texts.clear();
            textsOf = route;
        }
        return texts.computeIfAbsent(path, _ -> new PrometheusText(WANTED, limits));
    }

    /** For people. */
    private String shown(String path, Route route) {
        return http.url(route == Route.FILTERED ? "/metrics/?name[]=…" : path);
    }

    /** By its content: proxies call a metrics page whatever they like, and a portal's page holds no sample. */
    private static Page meaning(MetricPage page, String type, String shown, Route route) {
        return switch (VllmPage.read(page)) {
            case VllmPage.Found(EngineSnapshot snapshot) -> new Page.Good(snapshot, route.word);
            case VllmPage.Impossible(String why) -> new Page.Bad("the page at " + shown + " is not believed: " + why);
            case VllmPage.Missing _
            when type.equals("text/html") ->
                new Page.Bad(shown + " answered with a web page where a metrics page was expected; is"
                        + " pilotlight.engine.url that of vLLM itself?");
            case VllmPage.Missing(List<String> tried) ->
                new Page.Bad("the page at " + shown + " (" + page.bytes() + " bytes) has none of " + tried
                        + (page.malformedLines() > 0 ? ", and " + page.malformedLines() + " garbled lines" : "")
                        + "; is it a vLLM server, and is --disable-log-stats off?");
        };
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
        return switch (small("/v1/models")) {
            case Small.Json(JsonObject json) -> {
                Optional<Model> first = firstModel(json);
                first.ifPresent(found -> abilities = abilities.with(found));
                yield first.isPresent() ? "" : "GET /v1/models lists no model yet";
            }
            case Small.Status(int status)
            when isEngine && (status == 401 || status == 403 || status == 404 || status == 405) -> {
                // It serves, and keeps its list from us or has none: the requests to come will say what is missing.
                abilities = abilities.with(new Model(served, OptionalInt.empty()));
                yield "";
            }
            case Small.Status(int status) ->
                "GET /v1/models answered " + status + (status < 400 ? ", a redirect, which is not followed" : "");
            case Small.Nothing(String why) -> why;
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
        OptionalDouble said = small("/load") instanceof Small.Json(JsonObject json)
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
        Small paused = small("/is_paused");
        if (paused instanceof Small.Nothing) {
            // The engine hangs, and it would hold up the poll a second time.
            abilities = abilities.with(true, Pause.UNKNOWN, now);
            return abilities.pause();
        }
        Small asleep = small("/is_sleeping");
        if (isNotThere(paused) && isNotThere(asleep)) {
            abilities = abilities.with(false, Pause.UNKNOWN, now);
        } else if (says(paused, "is_paused")) {
            abilities = abilities.with(true, Pause.PAUSED, now);
        } else if (says(asleep, "is_sleeping")) {
            abilities = abilities.with(true, Pause.ASLEEP, now);
        } else {
            boolean answers = paused instanceof Small.Json || asleep instanceof Small.Json;
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
    private static boolean isNotThere(Small answer) {
        return answer instanceof Small.Status(int status) && (status == 404 || status == 405);
    }

    private static boolean says(Small answer, String key) {
        return answer instanceof Small.Json(JsonObject json) && Boolean.TRUE.equals(json.getValue(key));
    }

    /** A small JSON answer. */
    private sealed interface Small {
        record Json(JsonObject json) implements Small {}

        /** Another status than 200. */
        record Status(int status) implements Small {}

        record Nothing(String why) implements Small {}
    }

    private Small small(String path) {
        ByteArrayOutputStream body = new ByteArrayOutputStream(512);
        return switch (http.get(path, timeout, (bytes, offset, length) -> {
            body.write(bytes, offset, length);
            return body.size() <= SMALL_BODY;
        })) {
            case Answer.Lost lost -> new Small.Nothing(lost.why());
            case Answer.Got got when got.status() != 200 -> new Small.Status(got.status());
            case Answer.Got _ -> {
                try {
                    yield new Small.Json(new JsonObject(body.toString(StandardCharsets.UTF_8)));
                } catch (DecodeException notJson) {
                    yield new Small.Nothing(http.url(path) + " answered something that is no JSON object");
                }
            }
        };
    }
}
