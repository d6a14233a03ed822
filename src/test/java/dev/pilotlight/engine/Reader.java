package dev.pilotlight.engine;

import dev.pilotlight.prometheus.Limits;
import dev.pilotlight.prometheus.PageReading;
import dev.pilotlight.prometheus.PrometheusText;
import dev.pilotlight.prometheus.Wanted;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Short forms for tests: from the bytes of a page to what it says of the engine. */
final class Reader {
    private Reader() {}

    static VllmPage read(byte[] page) {
        return switch (new PrometheusText(Wanted.of(VllmMetrics.wanted()), Limits.DEFAULT).read(page)) {
            case PageReading.Read(var read) -> VllmPage.read(read);
            case PageReading.Refused(String why) -> throw new AssertionError("refused: " + why);
        };
    }

    static VllmPage read(Path page) {
        try {
            return read(Files.readAllBytes(page));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static EngineSnapshot snapshot(String page) {
        return found(read(page.getBytes(StandardCharsets.UTF_8)));
    }

    static EngineSnapshot snapshot(Path page) {
        return found(read(page));
    }

    private static EngineSnapshot found(VllmPage page) {
        return switch (page) {
            case VllmPage.Found(EngineSnapshot snapshot) -> snapshot;
            case VllmPage.Impossible(String why) -> throw new AssertionError("the page is not believed: " + why);
            case VllmPage.Missing(var tried) -> throw new AssertionError("the page has none of " + tried);
        };
    }
}
