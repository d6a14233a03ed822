package dev.pilotlight.loop;

import dev.pilotlight.cluster.Cluster;
import dev.pilotlight.drain.DrainOrder;
import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.gpu.GpuReading;
import dev.pilotlight.http.Cause;
import dev.pilotlight.lifecycle.OwnRequests;
import dev.pilotlight.lifecycle.WarmUp;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * The one writer: on a thread of its own it gathers the newest readings, takes a turn whenever there is news and at least once per
 * period, puts the picture on the board and sets the deeds going.
 */
public final class ControlLoop implements AutoCloseable {
    private static final Duration STUCK = Duration.ofSeconds(30);

    private final Tick tick;
    private final Duration period;
    private final SteadyClock clock;
    private final Board board;
    private final Poller<EngineReading> engine;
    private final Poller<GpuReading> gpu;
    private final EffectRunner effects;
    private final OwnRequests own;
    private final Cluster cluster;
    private final AtomicReference<DrainOrder> drain = new AtomicReference<>();
    private final ChangeLog log = new ChangeLog();
    private final Thread thread;
    private Memory memory;

    public ControlLoop(
            Policy policy,
            Duration period,
            SteadyClock clock,
            Function<Instant, EngineReading> source,
            Duration gpuPeriod,
            Function<Instant, GpuReading> gpuSource,
            WarmUp warmUp,
            OwnRequests own,
            Cluster cluster) {
        Instant now = clock.now();
        this.tick = new Tick(policy);
        this.period = period;
        this.clock = clock;
        this.own = own;
        this.cluster = cluster;
        this.memory = Memory.begin(now);
        this.board = new Board(Picture.first(now, policy));
        this.thread = Thread.ofPlatform().name("loop").daemon().unstarted(this::run);
        this.effects = new EffectRunner(warmUp, cluster, this::wake);
        this.engine = new Poller<>(
                Thread.ofVirtual().name("engine"),
                period,
                guarded(source),
                new EngineReading.NotYet(now),
                clock,
                this::wake);
        // A call into a hung driver never comes back: it holds up a platform thread of its own, and nothing else.
        this.gpu = new Poller<>(
                Thread.ofPlatform().name("gpu").daemon(),
                gpuPeriod,
                gpuSource,
                new GpuReading.Failed(now, "the GPU was not asked yet"),
                clock,
                this::wake);
    }

    /** A poll never throws; should it all the same, that is a reading too. */
    private static Function<Instant, EngineReading> guarded(Function<Instant, EngineReading> source) {
        return now -> {
            try {
                return source.apply(now);
            } catch (RuntimeException bug) {
                return new EngineReading.Unreachable(now, Cause.BROKEN, "the poll failed: " + bug);
            }
        };
    }

    public Board board() {
        return board;
    }

    public void start() {
        thread.start();
        engine.start();
        gpu.start();
        cluster.start(this::wake);
    }

    /**
     * Orders the drain; the first order stands. The engine is read thrice as often then, because the end of the drain takes two readings
     * and should be seen within one period of the last request's end.
     */
    public void drain(DrainOrder order) {
        if (drain.compareAndSet(null, order)) {
            engine.hurry();
        }
        wake();
    }

    private void wake() {
        LockSupport.unpark(thread);
    }

    private void run() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                turn();
            } catch (RuntimeException bug) {
                // The picture grows old: signals vanish, readiness goes, and the kubelet restarts the sidecar if it
                // lasts.
                log.bug(bug);
            }
            LockSupport.parkNanos(period.toNanos());
        }
    }

    private void turn() {
        Polled<EngineReading> read = engine.newest();
        Observation observation = new Observation(
                read,
                gpu.newest(),
                effects.warmedUp(),
                effects.probed(),
                effects.patched(),
                own.at(read.reading().at()),
                Optional.ofNullable(drain.get()),
                cluster.look());
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

    @Override
    public void close() {
        engine.stop();
        gpu.stop();
        cluster.close();
        thread.interrupt();
    }
}
