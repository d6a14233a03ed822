package dev.pilotlight.guard;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GuardTest {
    private final List<Integer> exits = new ArrayList<>();
    private final List<String> lines = new ArrayList<>();
    private final Guard guard = new Guard(Duration.ofNanos(1), exits::add);
    private final Handler log = new Handler() {
        @Override
        public void publish(LogRecord line) {
            lines.add(line.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listen() {
        Logger.getLogger("pilotlight").addHandler(log);
    }

    @AfterEach
    void listenNoMore() {
        Logger.getLogger("pilotlight").removeHandler(log);
    }

    /** Throws one after the other, then ends. */
    private static Runnable throwing(List<? extends Throwable> failures) {
        Iterator<? extends Throwable> left = failures.iterator();
        return () -> {
            if (left.hasNext()) {
                throw GuardTest.<RuntimeException>unchecked(left.next());
            }
        };
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> T unchecked(Throwable failure) throws T {
        throw (T) failure;
    }

    private static List<RuntimeException> same(int times) {
        List<RuntimeException> all = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            all.add(new IllegalStateException("number " + i));
        }
        return all;
    }

    @Test
    void goesOnAfterFailuresAndLogsEachCauseOnce() {
        List<RuntimeException> failures = new ArrayList<>(same(5));
        failures.add(new ClassCastException("another"));
        guard.run("election", () -> false, throwing(failures));
        assertThat(lines).hasSize(2).allSatisfy(line -> assertThat(line).contains("failed and goes on"));
        assertThat(exits).isEmpty();
    }

    @Test
    void goesOnAfterAStackThatWasTooDeep() {
        guard.run("mirror", () -> false, throwing(List.of(new StackOverflowError())));
        assertThat(lines).hasSize(1);
        assertThat(exits).isEmpty();
    }

    @Test
    void endsTheProcessWithoutMemory() {
        guard.run("engine", () -> true, throwing(List.of(new OutOfMemoryError("Java heap space"))));
        assertThat(exits).containsExactly(70);
    }

    @Test
    void endsTheProcessWithoutOneOfItsClasses() {
        guard.run("gpu", () -> true, throwing(List.of(new NoClassDefFoundError("dev/pilotlight/Gone"))));
        assertThat(exits).containsExactly(70);
    }

    @Test
    void leavesAThreadThatIsToEnd() {
        guard.run("leader", () -> true, throwing(same(2)));
        assertThat(lines).hasSize(1);
    }
}
