package dev.pilotlight.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.cluster.Cluster;
import dev.pilotlight.engine.EngineReading;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.http.Cause;
import dev.pilotlight.http.Http;
import dev.pilotlight.lifecycle.OwnRequests;
import dev.pilotlight.lifecycle.WarmUp;
import io.vertx.core.Vertx;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The loop with real threads: what one source does to the others. */
class ControlLoopTest {
    private static final Duration PERIOD = Duration.ofMillis(50);
    private static final int POLLS = 40;

    private final Vertx vertx = Vertx.vertx();
    private final SteadyClock clock = new SteadyClock();
    private final Queue<Instant> polls = new ConcurrentLinkedQueue<>();
    private final CountDownLatch enough = new CountDownLatch(POLLS);

    @AfterEach
    void end() {
        vertx.close();
    }

    private ControlLoop loop(Function<Instant, EngineReading> engine, Function<Instant, GpuReading> gpu) {
        OwnRequests own = new OwnRequests();
        Http nobody = new Http(vertx, () -> URI.create("http://127.0.0.1:9"), Http.Security.none(), 1);
        return new ControlLoop(
                World.policy(World.LIVENESS, World.WARM_UP),
                PERIOD,
                clock,
                engine,
                PERIOD,
                gpu,
                new WarmUp(nobody, PERIOD, own, clock::now, () -> {}),
                own,
                Cluster.NONE);
    }

    private EngineReading poll(Instant now) {
        polls.add(now);
        enough.countDown();
        return new EngineReading.Unreachable(now, Cause.REFUSED, "nothing listens");
    }

    @Test
    void keepsItsPeriodAndAgesTheReadingWhileADriverHangs() throws InterruptedException {
        CountDownLatch never = new CountDownLatch(1);
        Function<Instant, GpuReading> hangsAtTheSecondCall = new Function<>() {
            private boolean asked;

            @Override
            public GpuReading apply(Instant now) {
                if (asked) {
                    awaitForGood(never);
                }
                asked = true;
                return new GpuReading.Absent(now, "the first reading");
            }
        };
        try (ControlLoop loop = loop(this::poll, hangsAtTheSecondCall)) {
            loop.start();
            loop.lookAtGpu();
            enough.await();

            Picture picture = loop.board().picture();
            assertThat(picture.gpu().latest().why()).isEqualTo("the first reading");
            assertThat(Duration.between(picture.gpu().latest().at(), picture.at()))
                    .isGreaterThan(PERIOD.multipliedBy(POLLS / 2));
            // The median, because a busy machine delays a poll now and then and the driver has no part in that.
            assertThat(medianGap()).isBetween(PERIOD.minusMillis(10), PERIOD.multipliedBy(2));
        } finally {
            never.countDown();
        }
    }

    @Test
    void takesAPollThatFailsForAReadingAndGoesOn() throws InterruptedException {
        Function<Instant, EngineReading> broken = now -> {
            poll(now);
            throw new IllegalStateException("a bug");
        };
        try (ControlLoop loop = loop(broken, now -> new GpuReading.Absent(now, "none"))) {
            loop.start();
            loop.lookAtGpu();
            enough.await();
            assertThat(loop.standstill(clock.now())).isEmpty();
            assertThat(loop.board().picture().engine().latest())
                    .isInstanceOfSatisfying(EngineReading.Unreachable.class, reading -> assertThat(reading.why())
                            .contains("a bug"));
        }
    }

    @Test
    void takesADriverThatThrowsForAReadingAndGoesOn() throws InterruptedException {
        CountDownLatch reads = new CountDownLatch(3);
        Function<Instant, GpuReading> garbled = _ -> {
            reads.countDown();
            throw new IndexOutOfBoundsException("a name without an end");
        };
        try (ControlLoop loop = loop(this::poll, garbled)) {
            loop.start();
            loop.lookAtGpu();
            reads.await();
            enough.await();
            assertThat(loop.standstill(clock.now())).isEmpty();
            assertThat(loop.board().picture().gpu().latest().why()).contains("a name without an end");
        }
    }

    @Test
    void standsStillOnceTheThreadThatAsksTheEngineIsGone() throws InterruptedException {
        try (ControlLoop loop = loop(this::poll, now -> new GpuReading.Absent(now, "none"))) {
            loop.start();
            loop.lookAtGpu();
            enough.await();
            assertThat(loop.standstill(clock.now())).isEmpty();
            assertThat(loop.standstill(clock.now().plus(Duration.ofSeconds(31))))
                    .hasValue("the loop has not turned for 30 s");
        }
    }

    private Duration medianGap() {
        List<Instant> at = new ArrayList<>(polls);
        List<Duration> gaps = new ArrayList<>();
        for (int i = 1; i < at.size(); i++) {
            gaps.add(Duration.between(at.get(i - 1), at.get(i)));
        }
        return gaps.stream().sorted().toList().get(gaps.size() / 2);
    }

    private static void awaitForGood(CountDownLatch never) {
        boolean told = false;
        while (!told) {
            try {
                never.await();
                told = true;
            } catch (InterruptedException deaf) {
                // A call into a driver does not hear an interrupt either.
            }
        }
    }
}
