package dev.pilotlight.soak;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.Web;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.SimulatedEngine;
import dev.pilotlight.soak.Ledger.Look;
import dev.pilotlight.soak.Ledger.Minute;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * Weeks in an hour: the packaged sidecar beside a simulated engine that fails every few seconds, under a crowd of callers. Ends with 1 where
 * it uses more at its end than after its first minute. {@code Soak [minutes]}
 */
public final class Soak {
    private static final Duration START = Duration.ofMinutes(2);
    private static final long LOOK_NANOS = Duration.ofSeconds(3).toNanos();
    private static final long MINUTE_NANOS = Duration.ofMinutes(1).toNanos();
    private static final long SEED = 20261129;
    private static final int LEAST_MINUTES = 3;

    /** Each is undone after some seconds; what ends the process is followed by a new one. */
    private static final List<String> FAULTS = List.of(
            "hang?when=now",
            "hang?when=idle",
            "die",
            "unavailable?seconds=3",
            "garble?how=garbage",
            "garble?how=html",
            "garble?how=truncated",
            "slow?seconds=2",
            "reset-counters",
            "huge?megabytes=8",
            "huge?series=20000");

    private Soak() {}

    public static void main(String... args) throws Exception {
        int minutes = args.length > 0 ? Integer.parseInt(args[0]) : 60;
        if (minutes < LEAST_MINUTES) {
            System.err.println("a soak of " + minutes + " minutes compares nothing: want at least " + LEAST_MINUTES);
            System.exit(64);
        }
        Ledger ledger = new Ledger();
        try (SimulatedEngine engine = SimulatedEngine.start(EngineOptions.builder()
                        .load(Duration.ofSeconds(1))
                        .restartAfter(Duration.ofSeconds(1))
                        .build());
                PackagedSidecar sidecar = PackagedSidecar.beside(engine.uri(), "soak", Map.of());
                Crowd crowd = new Crowd(sidecar.at("/"), engine.uri())) {
            Await.until("ready", START, () -> sidecar.ready().up());
            crowd.start();
            Thread faults = Thread.ofVirtual().start(() -> fail(engine.uri(), new Random(SEED)));
            long lines = 0;
            for (int minute = 0; minute < minutes; minute++) {
                List<Look> looks = watch(sidecar);
                long now = lines(sidecar);
                ledger.add(Minute.of(looks, now - lines));
                lines = now;
                System.out.println(ledger.row(minute));
            }
            faults.interrupt();
            System.out.println("\n" + ledger.table() + "\n\n" + crowd.tally());
            List<String> found = new ArrayList<>(ledger.grown());
            if (crowd.wrong() > 0) {
                found.add(crowd.wrong() + " calls were answered wrongly or not");
            }
            found.forEach(System.out::println);
            System.exit(found.isEmpty() ? 0 : 1);
        }
    }

    private static List<Look> watch(PackagedSidecar sidecar) throws IOException {
        List<Look> looks = new ArrayList<>();
        long until = System.nanoTime() + MINUTE_NANOS;
        while (System.nanoTime() < until) {
            LockSupport.parkNanos(LOOK_NANOS);
            if (!sidecar.child().isAlive()) {
                throw new IllegalStateException(
                        "the sidecar ended; " + sidecar.child().lastOfLog());
            }
            looks.add(new Look(sidecar.residentKiB(), sidecar.threads(), descriptors(sidecar)));
        }
        return looks;
    }

    private static long descriptors(PackagedSidecar sidecar) throws IOException {
        try (Stream<Path> open = Files.list(
                Path.of("/proc", Long.toString(sidecar.child().process().pid()), "fd"))) {
            return open.count();
        }
    }

    private static long lines(PackagedSidecar sidecar) {
        return sidecar.child().log().size();
    }

    /** A fault for one to four seconds, and as long without. */
    private static void fail(URI engine, Random random) {
        while (!Thread.currentThread().isInterrupted()) {
            post(engine.resolve("/sim/" + FAULTS.get(random.nextInt(FAULTS.size()))));
            LockSupport.parkNanos(
                    Duration.ofMillis(1_000 + random.nextInt(3_000)).toNanos());
            post(engine.resolve("/sim/clear"));
            LockSupport.parkNanos(
                    Duration.ofMillis(1_000 + random.nextInt(3_000)).toNanos());
        }
    }

    /** An engine that is just starting again takes no order. */
    private static void post(URI order) {
        try {
            Web.post(order, Duration.ofSeconds(10));
        } catch (IOException away) {
            return;
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }
}
