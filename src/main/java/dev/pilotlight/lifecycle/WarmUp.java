package dev.pilotlight.lifecycle;

import dev.pilotlight.engine.EngineTarget;
import dev.pilotlight.engine.Model;
import dev.pilotlight.engine.VllmHeaders;
import dev.pilotlight.http.Cause;
import dev.pilotlight.http.Http;
import dev.pilotlight.http.Http.Answer;
import dev.pilotlight.lifecycle.Round.Timing;
import dev.pilotlight.lifecycle.Shape.Api;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.function.Supplier;

/** Sends real requests through the engine's OpenAI API: rounds of them to warm it, single ones to see whether it lives. */
public final class WarmUp {
    private static final Duration LEAST_TIMEOUT = Duration.ofMillis(100);

    private final Function<Optional<String>, List<EngineTarget>> targets;
    private final Duration probeTimeout;
    private final OwnRequests own;
    private final Supplier<Instant> clock;
    /** What the server turned out to have; found out again where it has that no more. */
    private volatile Api fitting = Api.COMPLETIONS;

    /** @param targets where to send what is for a rank, at least one; without a rank each server */
    public WarmUp(
            Function<Optional<String>, List<EngineTarget>> targets,
            Duration probeTimeout,
            OwnRequests own,
            Supplier<Instant> clock) {
        this.targets = targets;
        this.probeTimeout = probeTimeout;
        this.own = own;
        this.clock = clock;
    }

    /**
     * Of one server.
     *
     * @param onUnknownModel told when the engine says that the model of a request does not exist
     */
    public WarmUp(Http http, Duration probeTimeout, OwnRequests own, Supplier<Instant> clock, Runnable onUnknownModel) {
        this(rank -> List.of(new EngineTarget(http, rank, Optional.empty(), onUnknownModel)), probeTimeout, own, clock);
    }

    /** One pass over the shapes, to each rank, one after the other; a burst goes out at once. */
    public WarmUpOutcome round(Effect.SendWarmUp wanted) {
        List<Timing> timings = new ArrayList<>();
        List<Optional<String>> ranks = wanted.ranks().isEmpty()
                ? List.of(Optional.empty())
                : wanted.ranks().stream().map(Optional::of).toList();
        for (Shape shape : wanted.shapes()) {
            for (Optional<String> rank : ranks) {
                String name =
                        shape.name() + rank.map(label -> " on rank " + label).orElse("");
                for (EngineTarget target : targets.apply(rank)) {
                    switch (burst(shape, wanted, target)) {
                        case Reply.Token(Duration first, Duration total) -> timings.add(new Timing(name, first, total));
                        case Reply.Refusal refusal
                        when refusal.isForWantOfAnEndpoint() -> {
                            return new WarmUpOutcome.Unsupported(wanted.attempt(), clock.get(), refusal.why());
                        }
                        case Reply.Refusal refusal -> {
                            return new WarmUpOutcome.Lost(wanted.attempt(), clock.get(), name + ": " + refusal.why());
                        }
                        case Reply.Silence silence -> {
                            return new WarmUpOutcome.Lost(wanted.attempt(), clock.get(), name + ": " + silence.why());
                        }
                    }
                }
            }
        }
        return new WarmUpOutcome.Done(wanted.attempt(), clock.get(), new Round(wanted.round(), timings));
    }

    /** One request for one token. */
    public ProbeOutcome probe(Effect.SendProbe wanted) {
        Shape token = Shape.of("probe", 4, 1, 1);
        Reply reply = fit(
                token,
                wanted.model(),
                targets.apply(wanted.rank()).getFirst(),
                wanted.attempt(),
                wanted.patience().compareTo(probeTimeout) > 0 ? wanted.patience() : probeTimeout);
        return switch (reply) {
            case Reply.Token _ -> new ProbeOutcome.Answered(wanted.attempt(), clock.get());
            case Reply.Silence _ -> new ProbeOutcome.TimedOut(wanted.attempt(), clock.get());
            case Reply.Refusal refusal ->
                new ProbeOutcome.Refused(
                        wanted.attempt(),
                        clock.get(),
                        refusal.isForWantOfAnEndpoint()
                                ? Refusal.UNSUPPORTED
                                : Refusal.of(refusal.status(), refusal.why()),
                        refusal.why());
        };
    }

    /** What came of one request. */
    private sealed interface Reply {
        record Token(Duration first, Duration total) implements Reply {}

        /**
         * An answer, but no token.
         *
         * @param status 0 where the answer was no HTTP
         * @param isForWantOfAnEndpoint whether every endpoint known here was tried
         */
        record Refusal(int status, String why, boolean isForWantOfAnEndpoint) implements Reply {
            Refusal(int status, String why) {
                this(status, why, false);
            }
        }

        /** No answer in time. */
        record Silence(String why) implements Reply {}
    }

    /** The slowest of a shape's concurrent requests speaks for it. */
    private Reply burst(Shape shape, Effect.SendWarmUp wanted, EngineTarget target) {
        int salt = wanted.attempt() * 1009;
        if (shape.concurrency() <= 1) {
            return fit(shape, wanted.model(), target, salt, left(wanted));
        }
        try (ExecutorService burst = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Reply>> requests = new ArrayList<>();
            for (int i = 0; i < shape.concurrency(); i++) {
                int own = salt + i;
                requests.add(() -> fit(shape, wanted.model(), target, own, left(wanted)));
            }
            Reply slowest = new Reply.Token(Duration.ZERO, Duration.ZERO);
            for (Future<Reply> each : burst.invokeAll(requests)) {
                slowest = worse(slowest, each.get());
            }
            return slowest;
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return new Reply.Silence("stopped");
        } catch (ExecutionException broken) {
            return new Reply.Refusal(0, broken.getCause().toString());
        }
    }

    private Duration left(Effect.SendWarmUp wanted) {
        Duration left = Duration.between(clock.get(), wanted.until());
        return left.compareTo(LEAST_TIMEOUT) > 0 ? left : LEAST_TIMEOUT;
    }

    private static Reply worse(Reply one, Reply other) {
        return switch (one) {
            case Reply.Token(Duration first, Duration _) ->
                other instanceof Reply.Token token && token.first().compareTo(first) <= 0 ? one : other;
            case Reply.Refusal refusal -> refusal;
            case Reply.Silence silence -> silence;
        };
    }

    /** Finds out which API this server has: a pooling model has no completions, and says so. */
    private Reply fit(Shape shape, Model model, EngineTarget target, int salt, Duration timeout) {
        if (shape.api() != Api.FITTING || shape.payload().isPresent()) {
            return request(shape.api(), shape, model, target, salt, timeout);
        }
        Reply reply = request(fitting, shape, model, target, salt, timeout);
        if (!isAnotherApi(reply)) {
            return reply;
        }
        List<String> tried = new ArrayList<>(List.of(fitting.path()));
        for (Api api : Api.all()) {
            if (api != fitting) {
                Reply other = request(api, shape, model, target, salt, timeout);
                if (!isAnotherApi(other) && !isDislikeOfTheTone(api, other)) {
                    fitting = api;
                    return other;
                }
                tried.add(api.path());
            }
        }
        return new Reply.Refusal(404, "the server has none of " + String.join(", ", tried) + " for this model", true);
    }

    /** What a model that listens makes of a tone that is no speech tells nothing of it. */
    private static boolean isDislikeOfTheTone(Api api, Reply reply) {
        return api == Api.TRANSCRIPTIONS
                && reply instanceof Reply.Refusal refusal
                && refusal.status() < 500
                && refusal.status() != 401
                && refusal.status() != 403
                && refusal.status() != 429;
    }

    private static boolean isAnotherApi(Reply reply) {
        return reply instanceof Reply.Refusal(int status, String why, boolean _)
                && (status == 404 && !isUnknownModel(status, why)
                        || status == 405
                        || status == 501
                        || status == 400 && why.contains("does not support"));
    }

    /** The path is there, and another model is served by now. */
    private static boolean isUnknownModel(int status, String why) {
        return status == 404 && (why.contains("NotFoundError") || why.contains("does not exist"));
    }

    private Reply request(Api api, Shape shape, Model model, EngineTarget target, int salt, Duration timeout) {
        JsonObject body = shape.payload().map(JsonObject::new).orElseGet(() -> Prompts.body(api, shape, salt));
        if (!body.containsKey("model")) {
            shape.model().or(target.model().orElse(model)::known).ifPresent(name -> body.put("model", name));
        }
        if (api.generates()) {
            body.put("stream", true);
        }
        Listener listener = new Listener(clock);
        own.began();
        try {
            Answer answer = target.http()
                    .post(
                            api.path(),
                            api == Api.TRANSCRIPTIONS ? Recording.form(body, salt) : Http.Content.json(body.encode()),
                            VllmHeaders.rank(target.rank()),
                            timeout,
                            listener);
            return switch (answer) {
                case Answer.Got got
                when got.redirect().isPresent() ->
                    new Reply.Refusal(
                            got.status(),
                            target.http().url(api.path()) + " " + got.redirect().get()
                                    + "; set pilotlight.engine.url to the address of vLLM itself");
                case Answer.Got(int status, boolean _, String type, var _, var _)
                when type.startsWith("text/html") && !listener.isOfAnApi() ->
                    new Reply.Refusal(
                            status < 400 ? 0 : status,
                            target.http().url(api.path()) + " answered " + status
                                    + " with a web page where the engine's API was expected");
                case Answer.Got(int status, boolean _, String _, var _, var _)
                when status < 300 && listener.firstAt().isPresent() && !listener.isOfAnApi() ->
                    new Reply.Refusal(
                            0,
                            target.http().url(api.path()) + " answered " + status
                                    + " with what is no answer of the engine's API: " + listener.said());
                case Answer.Got(int status, boolean _, String _, var _, var _)
                when status < 300 && listener.firstAt().isPresent() && !listener.isError() ->
                    new Reply.Token(
                            Duration.between(
                                    listener.began(), listener.firstAt().get()),
                            Duration.between(listener.began(), clock.get()));
                case Answer.Got(int status, boolean _, String _, var _, var _) -> {
                    if (isUnknownModel(status, listener.said())) {
                        target.onUnknownModel().run();
                    }
                    yield new Reply.Refusal(status, refusal(api, status, listener.said()));
                }
                case Answer.Lost(Cause cause, String why) when cause == Cause.TIMED_OUT -> new Reply.Silence(why);
                case Answer.Lost lost -> new Reply.Refusal(0, lost.why());
            };
        } finally {
            own.ended(clock.get());
        }
    }

    private static String refusal(Api api, int status, String said) {
        return "POST " + api.path() + " answered " + status + ": " + said
                + (status == 401 || status == 403
                        ? "; set pilotlight.engine.api-key-file to the file that holds the engine's API key"
                        : "");
    }
}
