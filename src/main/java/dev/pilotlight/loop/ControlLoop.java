package dev.pilotlight.loop;

import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.lifecycle.WarmUp;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * The one writer: on a thread of its own it gathers the newest readings, takes a turn whenever there is news and at least once per
 * period, puts the picture on the board and sets the deeds going.
 */
public final class ControlLoop implements AutoCloseable {
    private final Tick tick;
    private final Duration period;
    private final SteadyClock clock;
    private final Board board;
    private final Poller<EngineReading> engine;
    private final EffectRunner effects;
    private final ChangeLog log = new ChangeLog();
    private final Thread thread;
    private Memory memory;

    public ControlLoop(
            Policy policy, Duration period, SteadyClock clock, Function<Instant, EngineReading> source, WarmUp warmUp) {
        Instant now = clock.now();
        this.tick = new Tick(policy);
        this.period = period;
        this.clock = clock;
        this.memory = Memory.begin(now);
        this.board = new Board(Picture.first(now, policy));
        this.thread = Thread.ofPlatform().name("loop").daemon().unstarted(this::run);
        this.effects = new EffectRunner(warmUp, clock, this::wake);
        this.engine = new Poller<>(
                Thread.ofVirtual().name("engine"), period, source, new EngineReading.NotYet(now), clock, this::wake);
    }

    public Board board() {
        return board;
    }

    public void start() {
        thread.start();
        engine.start();
    }

    private void wake() {
        LockSupport.unpark(thread);
    }

    private void run() {
        while (!Thread.currentThread().isInterrupted()) {
            turn();
            LockSupport.parkNanos(period.toNanos());
        }
    }

    private void turn() {
        Polled<EngineReading> read = engine.newest();
        Observation observation = new Observation(
                read, effects.warmedUp(), effects.own(read.reading().at()), false);
        Turn turn = tick.advance(memory, observation, clock.now());
        log.note(memory, turn.memory());
        memory = turn.memory();
        board.put(turn.picture());
        turn.effects().forEach(effects::run);
    }

    /** Whether the loop still turns: the sidecar's own liveness. */
    public boolean turns(Instant now) {
        return thread.isAlive() && Duration.between(board.picture().at(), now).compareTo(STUCK.plus(period)) < 0;
    }

    private static final Duration STUCK = Duration.ofSeconds(30);

    @Override
    public void close() {
        engine.stop();
        thread.interrupt();
    }
}
