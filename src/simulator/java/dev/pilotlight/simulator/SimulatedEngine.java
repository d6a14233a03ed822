package dev.pilotlight.simulator;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;

/**
 * A server that speaks and lives like vLLM on a machine without a GPU, with its faults on demand; also the kubelet that starts it again.
 */
public final class SimulatedEngine implements AutoCloseable {
    static {
        // Before the first HttpServer: Nagle's algorithm would hold back tokens, and 200 idle connections are few.
        setIfAbsent("sun.net.httpserver.nodelay", "true");
        setIfAbsent("sun.net.httpserver.maxIdleConnections", "4096");
    }

    private static void setIfAbsent(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    private final EngineOptions options;
    private final PortReservation reservation;
    private EngineProcess process;
    private int starts;
    private boolean closed;

    private SimulatedEngine(EngineOptions options) throws IOException {
        this.options = options;
        this.reservation = new PortReservation(options.host(), options.port());
    }

    /** Starts an engine; it loads in the background. Fails if the port is taken. */
    public static SimulatedEngine start(EngineOptions options) throws IOException {
        SimulatedEngine engine = new SimulatedEngine(options);
        engine.startProcess();
        return engine;
    }

    private synchronized void startProcess() {
        if (!closed) {
            starts++;
            process = new EngineProcess(options, reservation.address(), this::processEnded);
            process.start();
        }
    }

    private synchronized void processEnded() {
        notifyAll();
        if (!closed && !options.restartAfter().isNegative()) {
            process.after(options.restartAfter(), this::startProcess);
        }
    }

    public int port() {
        return reservation.address().getPort();
    }

    public URI uri() {
        return URI.create("http://" + options.host() + ":" + port() + options.rootPath());
    }

    /** Waits until the engine answers; false if it ended or did not in time. */
    public boolean awaitReady(Duration limit) throws InterruptedException {
        return current().awaitServing(limit);
    }

    /** Waits until the process has ended for good. */
    public synchronized void awaitEnd() throws InterruptedException {
        while (!closed && (process.isAlive() || !options.restartAfter().isNegative())) {
            wait();
        }
    }

    /** Ends it as SIGTERM would, in {@code limit} at most. */
    void stop(Duration limit) {
        synchronized (this) {
            closed = true;
            process.terminate();
            long deadline = System.nanoTime() + limit.toNanos();
            try {
                for (long left; process.isAlive() && (left = deadline - System.nanoTime()) > 1_000_000; ) {
                    wait(left / 1_000_000);
                }
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
        close();
    }

    /** How many times the process has been started. */
    public synchronized int starts() {
        return starts;
    }

    synchronized EngineProcess current() {
        return process;
    }

    /** The engine core stops dead, now; {@code rank} -1 for all. */
    public void hang(int rank) {
        current().core().hang(rank, EngineCore.Hang.NOW);
    }

    /** The engine core stops dead as soon as it has work. */
    public void hangUnderLoad(int rank) {
        current().core().hang(rank, EngineCore.Hang.WHEN_BUSY);
    }

    /** The engine core stops dead as soon as it has none. */
    public void hangWhileIdle(int rank) {
        current().core().hang(rank, EngineCore.Hang.WHEN_IDLE);
    }

    /** Ends a hang. */
    public void goOn() {
        current().core().unhang();
    }

    /** The engine core dies and takes the process with it some seconds later. */
    public void killEngine(int rank) {
        current().killEngine(rank);
    }

    /** The process ends at once. */
    public void die() {
        current().exit();
    }

    /** Sends SIGTERM. */
    public void terminate() {
        current().terminate();
    }

    public void unavailableFor(Duration duration) {
        current().faults().unavailableFor(duration);
    }

    /** Spoils every page from now on: {@code none}, {@code garbage}, {@code html} or {@code truncated}. */
    public void garble(String how) {
        current().faults().garble(Faults.Garble.valueOf(how.toUpperCase(java.util.Locale.ROOT)));
    }

    /** Every answer to a path that begins so comes late. */
    public void slow(Duration delay, String path) {
        current().faults().delay(new Faults.Delay(delay, path));
    }

    /** Every page has so many bytes of filler and so many series of the family behind it. */
    public void huge(long bytes, int series, String family) {
        current().faults().bulk(new Faults.Bulk(bytes, series, family));
    }

    public void resetCounters() {
        current().resetCounters();
    }

    /** Ends every fault that can be ended. */
    public void clearFaults() {
        current().faults().clear();
        goOn();
    }

    /** Requests in flight at the API server. */
    public int openRequests() {
        return current().openRequests();
    }

    @Override
    public void close() {
        EngineProcess last;
        synchronized (this) {
            closed = true;
            last = process;
            notifyAll();
        }
        last.exit();
        reservation.close();
    }
}
