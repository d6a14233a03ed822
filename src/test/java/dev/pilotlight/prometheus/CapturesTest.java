package dev.pilotlight.prometheus;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Pages of real servers, of every age that is at hand. */
class CapturesTest {
    @Nested
    class EveryCapture {
        @Test
        void isReadWholeWithNothingMalformed() {
            for (Path capture : Captures.all()) {
                byte[] bytes = Captures.bytes(capture);
                Set<String> names = names(bytes);
                MetricPage page = Pages.page(bytes, names.toArray(String[]::new));

                assertThat(page.malformedLines()).as(capture.toString()).isZero();
                assertThat(PlainParser.Page.of(page, names))
                        .as(capture.toString())
                        .isEqualTo(PlainParser.parse(bytes, names));
                assertThat((long) page.size()).as(capture.toString()).isEqualTo(sampleLines(bytes));
            }
        }
    }

    private static Set<String> names(byte[] page) {
        Set<String> names = new TreeSet<>();
        new String(page, StandardCharsets.UTF_8)
                .lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .forEach(line -> names.add(line.split("[{ ]")[0]));
        return names;
    }

    private static long sampleLines(byte[] page) {
        return new String(page, StandardCharsets.UTF_8)
                .lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .count();
    }
}
