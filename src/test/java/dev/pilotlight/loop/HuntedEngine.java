package dev.pilotlight.loop;

import dev.pilotlight.engine.CacheConfig;
import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.HealthAnswer;
import dev.pilotlight.engine.Latencies;
import dev.pilotlight.engine.Model;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.engine.ServerState;
import dev.pilotlight.engine.Sleep;
import dev.pilotlight.http.Cause;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * An engine for the hunt, second by second: a queue in order of arrival, a batch, prompts that are read in pieces, steps that take
 * minutes, and a page that is written only when a step ends, as vLLM's is.
 */
final class HuntedEngine {
    private static final Model MODEL = new Model("tiny", OptionalInt.of(131_072));
    private static final double KV_TOKENS = 400_000;
    private static final double PROMPT_TOKENS_PER_SECOND = 3_000;
    private static final double TOKENS_PER_SECOND = 25;

    /** Somebody's request, or one of the sidecar's. */
    static final class Request {
        final double prompt;
        double toRead;
        double toWrite;
        boolean isGone;
        Optional<Instant> endedAt = Optional.empty();

        Request(double prompt, double tokens) {
            this.prompt = prompt;
            this.toRead = prompt;
            this.toWrite = tokens;
        }
    }

    static final class Core {
        final Deque<Request> waiting = new ArrayDeque<>();
        final List<Request> running = new ArrayList<>();
        double prompts;
        double tokens;
        double ended;
        /** As the page shows it. */
        Rank page;
        /** Until when one step lasts. */
        Instant stepUntil = Instant.EPOCH;
        /** A real hang: nothing goes on, for good. */
        boolean hangs;
        /** A real livelock: requests wait and none is taken. */
        boolean takesNone;
    }

    /** How the sidecar's requests and polls fare at the door. */
    enum Door {
        OPEN,
        /** The process is not there. */
        REFUSES,
        /** It accepts, and nothing comes. */
        SILENT,
        TLS,
        NO_NAME
    }

    final List<Core> cores = new ArrayList<>();
    int slots = 8;
    Door door = Door.OPEN;
    double pace = 1;
    /** The page cannot be read, or shows gauges and no counter. */
    boolean isBlind;

    boolean countsNothing;
    boolean refusesOurKey;
    OptionalInt mostQueued = OptionalInt.empty();
    Pause pause = Pause.UNKNOWN;
    boolean asleep;
    double weightUpdates;
    Optional<String> heldBy = Optional.empty();
    /** A gateway in front of it that says this in its place: to {@code /health} alone, or to everything. */
    OptionalInt gateway = OptionalInt.empty();

    boolean gatewayTakesAll;
    /** Of the model that it serves now, and of the one that was listed when the sidecar asked. */
    String served = "tiny";

    String listed = "tiny";
    /** Real faults. */
    boolean isDead;

    boolean answersErrors;
    double processStart = 1_000;
    boolean tellsItsStart = true;

    HuntedEngine(int ranks) {
        for (int i = 0; i < ranks; i++) {
            cores.add(new Core());
        }
        begin();
    }

    /** A new process. */
    void begin() {
        processStart++;
        for (int i = 0; i < cores.size(); i++) {
            Core fresh = new Core();
            cores.set(i, fresh);
            publish(fresh, i);
        }
        served = listed;
        isDead = answersErrors = asleep = false;
        weightUpdates = 0;
        heldBy = Optional.empty();
        pause = pause == Pause.UNKNOWN ? Pause.UNKNOWN : Pause.NONE;
    }

    boolean goesOn() {
        return door != Door.REFUSES
                && !isDead
                && pause != Pause.PAUSED
                && !asleep
                && weightUpdates == 0
                && heldBy.isEmpty();
    }

    void second(Instant now) {
        for (int i = 0; i < cores.size(); i++) {
            Core core = cores.get(i);
            if (goesOn() && !core.hangs && now.isAfter(core.stepUntil)) {
                advance(core, now);
                publish(core, i);
            }
        }
    }

    private void advance(Core core, Instant now) {
        core.waiting.removeIf(request -> request.isGone);
        core.running.removeIf(request -> request.isGone);
        while (!core.takesNone && core.running.size() < slots && !core.waiting.isEmpty()) {
            core.running.add(core.waiting.poll());
        }
        double reads = PROMPT_TOKENS_PER_SECOND * pace;
        for (Request request : core.running) {
            double piece = Math.min(request.toRead, reads);
            reads -= piece;
            request.toRead -= piece;
            if (request.toRead > 0) {
                continue;
            }
            if (piece > 0) {
                core.prompts += request.prompt;
            }
            double written = Math.min(request.toWrite, TOKENS_PER_SECOND * pace);
            request.toWrite -= written;
            core.tokens += written;
        }
        core.running.removeIf(request -> {
            boolean isDone = request.toRead <= 0 && request.toWrite <= 1e-9;
            if (isDone) {
                core.ended++;
                request.endedAt = Optional.of(now);
            }
            return isDone;
        });
    }

    private void publish(Core core, int rank) {
        double held =
                core.running.stream().mapToDouble(it -> it.prompt - it.toRead).sum();
        core.page = new Rank(
                Integer.toString(rank),
                core.running.size(),
                core.waiting.size(),
                OptionalDouble.of(Math.min(1, held / KV_TOKENS)),
                OptionalDouble.of(core.prompts),
                OptionalDouble.of(Math.floor(core.tokens)),
                OptionalDouble.of(core.ended),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty());
    }

    EngineReading reading(Instant at) {
        return switch (door) {
            case REFUSES -> new EngineReading.Unreachable(at, Cause.REFUSED, "nothing listens");
            case SILENT -> new EngineReading.Unreachable(at, Cause.TIMED_OUT, "no answer");
            case TLS -> new EngineReading.Unreachable(at, Cause.TLS, "the certificate has expired");
            case NO_NAME -> new EngineReading.Unreachable(at, Cause.NAME, "the name is not known");
            case OPEN -> answer(at);
        };
    }

    private EngineReading answer(Instant at) {
        HealthAnswer health = isDead
                ? HealthAnswer.of(503, "")
                : gateway.isPresent()
                        ? HealthAnswer.of(gateway.getAsInt(), "")
                        : heldBy.map(said -> HealthAnswer.of(503, said)).orElse(new HealthAnswer.Healthy());
        Optional<Model> model = Optional.of(new Model(listed, MODEL.maxModelLen()));
        if (isBlind || heldBy.isPresent() || gateway.isPresent() && gatewayTakesAll) {
            return new EngineReading.Unreadable(at, health, model, pause, "no such series");
        }
        return new EngineReading.Answered(
                at,
                new EngineSnapshot(
                        cores.stream()
                                .map(core -> countsNothing ? withoutCounters(core.page) : core.page)
                                .toList(),
                        List.of("tiny"),
                        tellsItsStart ? OptionalDouble.of(processStart) : OptionalDouble.empty(),
                        CacheConfig.UNKNOWN,
                        asleep ? Sleep.ASLEEP : Sleep.AWAKE,
                        Latencies.NONE,
                        new ServerState(
                                OptionalDouble.of(weightUpdates),
                                OptionalDouble.empty(),
                                OptionalDouble.empty(),
                                OptionalDouble.empty()),
                        Optional.empty()),
                health,
                model,
                "",
                OptionalDouble.empty(),
                pause,
                "whole");
    }

    private static Rank withoutCounters(Rank page) {
        return new Rank(
                page.engine(),
                page.running(),
                page.waiting(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty());
    }

    @Override
    public String toString() {
        return "door " + door + ", pace " + pace + ", blind " + isBlind + ", counts nothing " + countsNothing
                + ", slots " + slots
                + cores.stream()
                        .map(core -> "; running " + core.running.size() + ", waiting " + core.waiting.size() + ", page "
                                + core.page + ", step until " + core.stepUntil)
                        .toList();
    }
}
