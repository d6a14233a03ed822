package dev.pilotlight.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Vector;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * The kubelet's probes, each on a connection of its own, one after the other for as long as this is open; and beside them how late a thread of
 * this machine wakes up, since on a busy one a slow answer says nothing of who gave it.
 */
public final class Probes implements AutoCloseable {
    private static final List<String> PATHS = List.of("live", "started", "ready", "group/engine");
    private static final Duration PAUSE = Duration.ofMillis(20);
    /** What an answer may take, and no more than this share of them may take longer. */
    private static final Duration PROMPT = Duration.ofMillis(100);

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final List<Long> took = new Vector<>();
    private final List<Long> late = new Vector<>();
    private final AtomicInteger failed = new AtomicInteger();
    private final List<Thread> threads;
    private volatile boolean closed;

    private Probes(PackagedSidecar sidecar, int atOnce) {
        threads = LongStream.range(0, atOnce)
                .mapToObj(i -> Thread.ofVirtual().start(() -> probe(sidecar, (int) i)))
                .toList();
    }

    public static Probes of(PackagedSidecar sidecar, int atOnce) {
        return new Probes(sidecar, atOnce);
    }

    private void probe(PackagedSidecar sidecar, int from) {
        for (int i = from; !closed; i++) {
            try {
                long slept = System.nanoTime();
                Thread.sleep(PAUSE);
                long began = System.nanoTime();
                late.add(began - slept - PAUSE.toNanos());
                int status = Web.alone(sidecar.at("/q/health/" + PATHS.get(i % PATHS.size())), PATIENCE);
                took.add(System.nanoTime() - began);
                if (status != 200) {
                    failed.incrementAndGet();
                }
            } catch (IOException lost) {
                failed.incrementAndGet();
            } catch (InterruptedException stop) {
                return;
            }
        }
    }

    /** Waits until so many more have been answered. */
    public void take(int more) throws IOException, InterruptedException {
        int until = took.size() + more;
        Await.until(more + " probes", Duration.ofMinutes(3), () -> took.size() >= until);
    }

    /** Begins again: what was until now does not count. */
    public void forget() {
        took.clear();
        late.clear();
        failed.set(0);
    }

    public int failed() {
        return failed.get();
    }

    /** As it is now. */
    public Taken taken() {
        return new Taken(all(took), all(late), failed.get());
    }

    private static long[] all(List<Long> durations) {
        return Stream.of(durations.toArray(Long[]::new)).mapToLong(it -> it).toArray();
    }

    public void assertPrompt() {
        taken().assertPrompt();
    }

    /**
     * @param took each of the answers, in nanoseconds
     * @param late how long after its time a thread woke up here meanwhile
     */
    public record Taken(long[] took, long[] late, int failed) {
        /** Nineteen of twenty within 100 ms, and none beyond a second: beyond how late threads wake here meanwhile. */
        public void assertPrompt() {
            Duration slack = at(late, 0.99).multipliedBy(4);
            assertThat(at(took, 0.95)).as("%s", this).isLessThan(PROMPT.plus(slack));
            assertThat(at(took, 1))
                    .as("%s", this)
                    .isLessThan(PROMPT.multipliedBy(10).plus(slack.multipliedBy(4)));
        }

        /**
         * None later than 100 ms after the latest of a process that was left in peace meanwhile. Where even that one waits for its turn, a
         * process at work waits more often, and the bound is on nineteen of twenty.
         */
        public void assertPromptBeside(Taken other) {
            boolean isQuiet = at(other.took, 1).compareTo(PROMPT.dividedBy(2)) < 0;
            double share = isQuiet ? 1 : 0.95;
            assertThat(at(took, share))
                    .as("%s; beside it %s", this, other)
                    .isLessThan(PROMPT.plus(at(other.took, share).multipliedBy(2)));
        }

        public Duration longest() {
            return at(took, 1);
        }

        @Override
        public String toString() {
            return "%d probes, %d said no: p50 %d ms, p95 %d ms, p99.9 %d ms, longest %d ms; threads wake up to %d ms late"
                    .formatted(
                            took.length,
                            failed,
                            at(took, 0.5).toMillis(),
                            at(took, 0.95).toMillis(),
                            at(took, 0.999).toMillis(),
                            at(took, 1).toMillis(),
                            at(late, 1).toMillis());
        }
    }

    private static Duration at(long[] nanos, double share) {
        long[] sorted = nanos.clone();
        Arrays.sort(sorted);
        return sorted.length == 0
                ? Duration.ZERO
                : Duration.ofNanos(sorted[(int) Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
    }

    @Override
    public String toString() {
        return taken().toString();
    }

    @Override
    public void close() {
        closed = true;
        threads.forEach(Thread::interrupt);
    }
}
