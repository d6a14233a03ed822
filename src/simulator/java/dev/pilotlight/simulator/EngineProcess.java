package dev.pilotlight.simulator;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** One life of a simulated vLLM server: loads, serves, and ends in one of the ways that were seen on a real one. */
final class EngineProcess {
    private static final Duration DEATH_WITH_ENGINE = Duration.ofMillis(4_700);
    private static final Duration DEATH_WITH_ONE_OF_SEVERAL_ENGINES = Duration.ofMillis(13_900);
    private static final Duration CLOSES_AFTER_TERM = Duration.ofMillis(100);

    private final EngineOptions options;
    private final InetSocketAddress address;
    private final Runnable onExit;
    private final double startSeconds = System.currentTimeMillis() / 1000.0;
    private final long startNanos = System.nanoTime();
    private final Faults faults = new Faults();
    private final AtomicInteger openRequests = new AtomicInteger();
    private final AtomicLong rejections = new AtomicLong();
    private final ExecutorService handlers = Executors.newVirtualThreadPerTaskExecutor();
    private volatile HttpTally http = new HttpTally();
    private volatile double createdSeconds;
    private volatile EngineCore core;
    private volatile boolean terminating;
    private HttpServer server;
    private volatile boolean gone;

    EngineProcess(EngineOptions options, InetSocketAddress address, Runnable onExit) {
        this.options = options;
        this.address = address;
        this.onExit = onExit;
    }

    /** Loads in the background; nothing listens before that is done. */
    void start() {
        after(options.load(), this::serve);
    }

    private synchronized void serve() {
        if (gone) {
            return;
        }
        createdSeconds = System.currentTimeMillis() / 1000.0;
        core = new EngineCore(options.profile(), options.ranks(), options.speed());
        Routes routes = new Routes(this);
        try {
            server = HttpServer.create(address, 1024);
        } catch (IOException e) {
            System.err.println("simulated engine: cannot listen on " + address + ": " + e.getMessage());
            exit();
            return;
        }
        server.setExecutor(handlers);
        server.createContext("/", exchange -> handle(routes, exchange));
        server.start();
        notifyAll();
    }

    private void handle(Routes routes, HttpExchange exchange) throws IOException {
        Call call = new Call(exchange, options.rootPath());
        try {
            routes.answer(call);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt(); // the process ends: the connection is cut
        } finally {
            call.close();
        }
    }

    /** Runs something later, unless this life is over by then. */
    void after(Duration delay, Runnable action) {
        Thread.startVirtualThread(() -> {
            try {
                Thread.sleep(delay);
            } catch (InterruptedException _) {
                return; // nobody interrupts these
            }
            action.run();
        });
    }

    /** The engine core dies: 503 for some seconds, then the port closes. With several ranks only one dies: no 503, then the same. */
    void killEngine(int rank) {
        boolean several = options.ranks() > 1;
        if (several) {
            core.hang(rank, EngineCore.Hang.NOW);
        } else {
            core.close();
        }
        if (!options.surviveEngineDeath()) {
            after(several ? DEATH_WITH_ONE_OF_SEVERAL_ENGINES : DEATH_WITH_ENGINE, this::exit);
        }
    }

    /** SIGTERM: closes soon and cuts what runs or, with a drain time, first lets it finish and turns new requests away. */
    void terminate() {
        terminating = true;
        if (options.drain().isZero() || core == null) {
            after(CLOSES_AFTER_TERM, this::exit);
            return;
        }
        long deadline = System.nanoTime() + options.drain().toNanos();
        Thread.startVirtualThread(() -> {
            try {
                while (openRequests.get() > 0 && System.nanoTime() - deadline < 0) {
                    Thread.sleep(10);
                }
            } catch (InterruptedException _) {
                // ends now, then
            }
            exit();
        });
    }

    /** The process ends at once: its port closes, its connections are cut. */
    void exit() {
        synchronized (this) {
            if (gone) {
                return;
            }
            gone = true;
            if (server != null) {
                server.stop(0);
            }
            if (core != null) {
                core.close();
            }
            handlers.shutdownNow();
            notifyAll();
        }
        onExit.run();
    }

    /** Waits until it serves; false if it ended or the time was up before. */
    synchronized boolean awaitServing(Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (server == null && !gone) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return false;
            }
            wait(left);
        }
        return !gone;
    }

    /** The metrics page as of now; an engine core that says nothing leaves its last gauges on it. */
    String page(Set<String> wanted) {
        HttpTally tally = http;
        double age = (System.nanoTime() - startNanos) * 1e-9;
        ProcessFamilies process =
                new ProcessFamilies(startSeconds, createdSeconds, age, openRequests.get(), rejections.get());
        Sleep sleep = core.sleep();
        return core.with(engines ->
                new VllmPage(options.page(), options.model(), engines, sleep, tally, process).render(wanted));
    }

    void resetCounters() {
        http = new HttpTally();
        rejections.set(0);
        core.with(engines -> {
            engines.forEach(Batch::resetTallies);
            return null;
        });
    }

    boolean queueIsFull() {
        boolean full = options.maxQueued() > 0
                && core.with(engines ->
                                engines.stream().mapToInt(Batch::waiting).sum())
                        >= options.maxQueued();
        if (full) {
            rejections.incrementAndGet();
        }
        return full;
    }

    EngineOptions options() {
        return options;
    }

    Faults faults() {
        return faults;
    }

    HttpTally http() {
        return http;
    }

    /** The engine core; null while the model loads. */
    EngineCore core() {
        return core;
    }

    AtomicInteger openRequestCount() {
        return openRequests;
    }

    int openRequests() {
        return openRequests.get();
    }

    boolean isEngineDead() {
        return core.isDead();
    }

    boolean isAlive() {
        return !gone;
    }

    boolean isTerminating() {
        return terminating;
    }

    double startSeconds() {
        return startSeconds;
    }
}
