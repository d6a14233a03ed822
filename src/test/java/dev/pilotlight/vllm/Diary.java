package dev.pilotlight.vllm;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.PackagedSidecar;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/** What the kubelet and the scaler would have seen of the sidecar all along, looked at five times a second. */
final class Diary implements AutoCloseable {
    private static final Duration EVERY = Duration.ofMillis(200);

    private final PackagedSidecar sidecar;
    private final ConcurrentLinkedQueue<Entry> entries = new ConcurrentLinkedQueue<>();
    private final Thread writer;

    /** @param publishes whether a load was published */
    record Entry(Instant at, PackagedSidecar.Probe ready, PackagedSidecar.Probe engineLive, boolean publishes) {}

    Diary(PackagedSidecar sidecar) {
        this.sidecar = sidecar;
        this.writer = Thread.ofPlatform().daemon().name("diary").start(this::write);
    }

    private void write() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                entries.add(new Entry(
                        Instant.now(),
                        sidecar.ready(),
                        sidecar.engineLive(),
                        sidecar.get("/api/v1/signals").status() == 200));
            } catch (IOException gone) {
                // the sidecar is being ended; its tests see to the rest
            } catch (InterruptedException stop) {
                return;
            }
            LockSupport.parkNanos(EVERY.toNanos());
        }
    }

    List<Entry> since(Instant from) {
        return entries.stream().filter(entry -> !entry.at().isBefore(from)).toList();
    }

    /** The first entry of that kind since an instant. */
    Entry awaitSince(Instant from, String what, Duration within, Predicate<Entry> kind) {
        return Await.until(
                        what,
                        within,
                        () -> since(from).stream().filter(kind).findFirst(),
                        java.util.Optional::isPresent)
                .orElseThrow();
    }

    @Override
    public void close() {
        writer.interrupt();
    }
}
