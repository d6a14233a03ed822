package dev.pilotlight.loop;

import dev.pilotlight.cluster.Cluster;
import dev.pilotlight.drain.DrainOrder;
import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.guard.Guard;
import dev.pilotlight.http.Cause;
import dev.pilotlight.lifecycle.OwnRequests;
import dev.pilotlight.lifecycle.WarmUp;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * The one writer: on a thread of its own it gathers the newest readings, takes a turn whenever there is news or there was none for more than a
 * period, puts the picture on the board and starts the effects.
 */
public final class ControlLoop implements AutoCloseable {
    private static final Duration STUCK = Duration.ofSeconds(30);
    /** A poll is a few requests, each within pilotlight.engine.timeout. */
    private static final Duration NO_POLL = Duration.ofMinutes(10);

    /** An exporter has its time-out, and a driver that is well answers within a second. */
    private static final Duration GPU_HANGS = Duration.ofSeconds(15);

    private final Tick tick;
    private final Duration period;
    /** Longer than from one poll's news to the next, or there would be a turn without news before each with. */
    private final Duration patience;

    private final SteadyClock clock;
    private final Board board;
    private final Poller<EngineReading> engine;
    private final Poller<GpuReading> gpu;
    private final EffectRunner effects;
    private final OwnRequests own;
    private final Cluster cluster;
    private final AtomicReference<DrainOrder> drain = new AtomicReference<>();
    private final AtomicBoolean gpuBegins = new AtomicBoolean();
    private final ChangeLog log = new ChangeLog();
    private final Thread thread;
    private Memory memory;
    private Optional<GpuReading.Failed> gpuHangs = Optional.empty();
    private volatile boolean closed;

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
        this.patience = period.multipliedBy(5).dividedBy(4);
        this.clock = clock;
        this.own = own;
        this.cluster = cluster;
        this.memory = Memory.begin(now);
        this.board = new Board(Picture.first(now, policy));
        this.thread =
                Thread.ofPlatform().name("loop").daemon().unstarted(Guard.guarded("loop", () -> closed, this::run));
        this.effects = new EffectRunner(warmUp, cluster, clock::now, this::wake);
        // A virtual thread copies its stack whenever it waits, twice a poll, and wakes two others to go on.
        this.engine = new Poller<>(
                "engine",
                Thread.ofPlatform().name("engine").daemon(),
                period,
                source,
                (at, bug) -> new EngineReading.Unreachable(at, Cause.BROKEN, "the poll failed: " + bug),
                new EngineReading.NotYet(now),
                clock,
                this::wake);
        // A call into a hung driver never comes back: it holds up a platform thread of its own, and nothing else.
        this.gpu = new Poller<>(
                "gpu",
                Thread.ofPlatform().name("gpu").daemon(),
                gpuPeriod,
                gpuSource,
                (at, bug) -> new GpuReading.Failed(at, "the reading failed: " + bug),
                new GpuReading.Failed(now, "the GPU was not asked yet"),
                clock,
                this::wake);
    }

    public Board board() {
        return board;
    }

    public void start() {
        thread.start();
        engine.start();
        cluster.start(this::wake);
    }

    /**
     * To be called once the port is open. Loading a driver's library may block for good, and whatever else has to be loaded then waits with
     * it, all that opens a port, too.
     */
    public void lookAtGpu() {
        if (gpuBegins.compareAndSet(false, true)) {
            gpu.start();
        }
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
                Guard.failed("a turn of the loop", bug);
            }
            LockSupport.parkNanos(patience.toNanos());
        }
    }

    private void turn() {
        Polled<EngineReading> read = engine.newest();
        Observation observation = new Observation(
                read,
                gpuNow(),
                effects.warmedUp(),
                effects.probed(),
                effects.patched(),
                own.at(read.reading().at()),
                Optional.ofNullable(drain.get()),
                cluster.look());
        Turn turn = tick.advance(memory, observation, clock.now());
        log.note(memory, turn.memory());
        if (memory.drain().isPresent() && turn.memory().drain().isEmpty()) {
            drain.set(null);
            engine.rest();
        }
        memory = turn.memory();
        board.put(turn.picture());
        turn.effects().forEach(effects::run);
        turn.patch().ifPresent(effects::run);
    }

    /** The newest reading, or that there has been none for long: a driver that hangs says nothing of itself. */
    private Polled<GpuReading> gpuNow() {
        Polled<GpuReading> newest = gpu.newest();
        Optional<Instant> since = gpu.hangsSince(GPU_HANGS, clock.now());
        if (since.isEmpty()) {
            gpuHangs = Optional.empty();
            return newest;
        }
        if (gpuHangs.filter(said -> said.at().equals(since.get())).isEmpty()) {
            gpuHangs = since.map(at -> new GpuReading.Failed(
                    at,
                    "no answer since " + at.truncatedTo(ChronoUnit.SECONDS)
                            + ": the driver hangs, or its library does not come back from loading; try nvidia-smi on the"
                            + " node, or set pilotlight.gpu.source to dcgm or none"));
        }
        return new Polled<>(gpuHangs.get(), newest.took());
    }

    /**
     * What keeps the sidecar from its work, by its own fault: its own liveness. A GPU driver that hangs is not.
     *
     * @return empty while the loop turns and its sources are asked
     */
    public Optional<String> standstill(Instant now) {
        if (!thread.isAlive() || !isRecent(board.picture().at(), STUCK.plus(period), now)) {
            return Optional.of("the loop has not turned for " + STUCK.toSeconds() + " s");
        }
        if (engine.hasEnded() || !isRecent(engine.finishedAt(), NO_POLL.plus(period.multipliedBy(2)), now)) {
            return Optional.of("the engine has not been asked for " + NO_POLL.toMinutes() + " min");
        }
        return gpu.hasEnded() ? Optional.of("the thread that asks the GPU has ended") : Optional.empty();
    }

    private static boolean isRecent(Instant then, Duration limit, Instant now) {
        return Duration.between(then, now).compareTo(limit) < 0;
    }

    @Override
    public void close() {
        closed = true;
        engine.stop();
        gpu.stop();
        cluster.close();
        thread.interrupt();
    }
}
