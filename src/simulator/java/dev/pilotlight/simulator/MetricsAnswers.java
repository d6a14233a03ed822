package dev.pilotlight.simulator;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/** Answers {@code /metrics} and {@code /metrics/}, spoilt where a fault asks for it. */
final class MetricsAnswers {
    private static final String TYPE = "text/plain; version=1.0.0; charset=utf-8";
    private static final byte[] FILLER =
            "# filler that no parser wants, but has to step over line by line, to the very end of it\n"
                    .getBytes(StandardCharsets.US_ASCII);

    private final EngineProcess process;

    MetricsAnswers(EngineProcess process) {
        this.process = process;
    }

    void answer(Call call) throws IOException {
        boolean slash = call.path().endsWith("/");
        EngineOptions.Filter filter = process.options().filter();
        if (!slash && filter == EngineOptions.Filter.REDIRECT) {
            call.redirect(process.options().rootPath() + "/metrics/");
            return;
        }
        Set<String> wanted = slash && filter != EngineOptions.Filter.NONE ? call.parameters("name[]") : Set.of();
        if (!wanted.isEmpty() && process.options().page().multiProcess()) {
            call.answer(200, TYPE, ""); // seen: prometheus_client looks for the names in a registry that has none
            return;
        }
        String page = process.page(wanted);
        switch (process.faults().garble()) {
            case NONE -> send(call, page);
            case GARBAGE -> call.answer(200, TYPE, garbage());
            case HTML ->
                call.answer(
                        200,
                        "text/html; charset=utf-8",
                        "<!DOCTYPE html>\n<html><head><title>502</title></head><body>Bad Gateway</body></html>\n");
            case TRUNCATED -> truncate(call, page.getBytes(StandardCharsets.UTF_8));
        }
    }

    private void send(Call call, String page) throws IOException {
        Faults.Bulk bulk = process.faults().bulk();
        if (bulk.equals(Faults.Bulk.NONE)) {
            call.answer(200, TYPE, page);
            return;
        }
        try (OutputStream out = call.stream(200, TYPE)) {
            out.write(page.getBytes(StandardCharsets.UTF_8));
            for (long left = bulk.bytes(); left > 0; left -= FILLER.length) {
                out.write(FILLER);
            }
            for (int i = 0; i < bulk.series(); i++) {
                out.write("%s{engine=\"0\",model_name=\"m%d\"} 1.0%n"
                        .formatted(bulk.family(), i)
                        .getBytes(StandardCharsets.US_ASCII));
            }
        }
    }

    /** Promises the whole page and hangs up in the middle of it. */
    private static void truncate(Call call, byte[] page) throws IOException {
        OutputStream out = call.start(200, TYPE, Math.max(1, page.length));
        out.write(page, 0, page.length / 2);
        out.flush();
        call.close();
    }

    private static String garbage() {
        java.util.Random random = new java.util.Random(7);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            text.append((char) (random.nextInt(10) == 0 ? '\n' : 1 + random.nextInt(0x2ff)));
        }
        return text.toString();
    }
}
