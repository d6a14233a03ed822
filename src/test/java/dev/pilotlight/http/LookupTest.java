package dev.pilotlight.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.http.Http.Answer;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LookupTest {
    private static final Duration AMPLE = Duration.ofSeconds(20);
    private static final InetAddress HERE = InetAddress.getLoopbackAddress();

    @Test
    void asksNobodyForAnAddress() {
        Lookup lookup = new Lookup(host -> {
            throw new AssertionError("asked for " + host);
        });
        assertThat(lookup.find("127.0.0.1", AMPLE))
                .isEqualTo(new Lookup.Found.At(List.of(InetAddress.ofLiteral("127.0.0.1"))));
        assertThat(lookup.find("[::1]", AMPLE)).isEqualTo(new Lookup.Found.At(List.of(InetAddress.ofLiteral("::1"))));
    }

    /** A pod with IPv6 switched off has ::1 in its hosts file all the same: that it cannot be reached must not hide that the engine refuses. */
    @Test
    void tellsOfARefusalThoughAnotherAddressCannotBeReached() {
        InetAddress other = InetAddress.ofLiteral("::1");
        Lookup lookup = new Lookup(_ -> List.of(HERE, other));
        Answer refused = new Answer.Lost(Cause.REFUSED, "nothing listens");
        Answer unreachable = new Answer.Lost(Cause.BROKEN, "Cannot assign requested address");
        assertThat(lookup.tryEach("localhost", AMPLE, address -> address.equals(other) ? unreachable : refused))
                .isEqualTo(refused);
    }

    @Test
    void keepsWhatItFoundUntilAConnectionFails() {
        AtomicInteger asked = new AtomicInteger();
        Lookup lookup = new Lookup(host -> {
            asked.incrementAndGet();
            return List.of(HERE);
        });
        lookup.find("engine", AMPLE);
        lookup.find("engine", AMPLE);
        assertThat(asked).hasValue(1);
        lookup.forget("engine");
        lookup.find("engine", AMPLE);
        assertThat(asked).hasValue(2);
    }

    @Test
    void saysThatANameIsNotKnown() {
        Lookup lookup = new Lookup(host -> {
            throw new UnknownHostException(host + ": Name or service not known");
        });
        assertThat(lookup.find("engine", AMPLE))
                .isEqualTo(new Lookup.Found.Nowhere(
                        "the name engine is not known here (engine: Name or service not known):"
                                + " correct the URL, or see the pod's DNS"));
    }

    @Test
    void waitsNoLongerThanItMayForAResolverThatHangsAndAsksItOnce() {
        CountDownLatch freed = new CountDownLatch(1);
        AtomicInteger asked = new AtomicInteger();
        Lookup lookup = new Lookup(host -> {
            asked.incrementAndGet();
            try {
                freed.await();
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
            }
            return List.of(HERE);
        });
        for (int i = 0; i < 3; i++) {
            assertThat(lookup.find("engine", Duration.ofMillis(20)))
                    .isInstanceOfSatisfying(Lookup.Found.Nowhere.class, nowhere -> assertThat(nowhere.why())
                            .contains("engine is not resolved within 20 ms"));
        }
        assertThat(asked).hasValue(1);
        freed.countDown();
        assertThat(lookup.find("engine", AMPLE)).isEqualTo(new Lookup.Found.At(List.of(HERE)));
    }

    @Test
    void takesAllThatMeanThisMachineAndElseTheFirst() {
        InetAddress four = InetAddress.ofLiteral("127.0.0.1");
        InetAddress six = InetAddress.ofLiteral("::1");
        InetAddress one = InetAddress.ofLiteral("10.0.0.1");
        assertThat(Lookup.usable(List.of(four, six))).containsExactly(four, six);
        assertThat(Lookup.usable(List.of(one, InetAddress.ofLiteral("10.0.0.2"))))
                .as("two pods of a headless Service")
                .containsExactly(one);
    }
}
