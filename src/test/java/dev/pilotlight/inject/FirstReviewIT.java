package dev.pilotlight.inject;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpClient;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** The first review of a webhook that has just become ready is answered within what API servers wait. */
@Isolated("measures an answer")
class FirstReviewIT {
    /** What it asks itself is news to nobody. */
    @Test
    void isReadyWhenItAnswersInTime() throws Exception {
        try (Injector other = Injector.start("quick")) {
            long begun = System.nanoTime();
            other.review(
                    other.trusting(HttpClient.Version.HTTP_2),
                    Corpus.all().getFirst().pod());
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(2));
            assertThat(other.child().log()).noneMatch(line -> line.contains("not injected"));
        }
    }
}
