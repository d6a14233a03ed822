package dev.pilotlight.page;

import dev.pilotlight.process.Program;
import dev.pilotlight.process.Said;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Chromium without a window. */
final class Browser {
    private Browser() {}

    enum Look {
        LIGHT,
        DARK
    }

    /** The page after some seconds of its own time, as text; what its console said is in it, too. */
    static String text(URI page, int seconds) {
        return run(page, seconds, Look.LIGHT, 1280, 1000, List.of("--dump-dom", "--enable-logging=stderr"));
    }

    static void shoot(URI page, int seconds, Look look, int width, int height, Path png) {
        run(page, seconds, look, width, height, List.of("--screenshot=" + png.toAbsolutePath()));
    }

    private static String run(URI page, int seconds, Look look, int width, int height, List<String> what) {
        List<String> command = new ArrayList<>(List.of(
                Program.CHROMIUM.path().toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--disable-dev-shm-usage",
                "--user-data-dir=" + Path.of("target/chromium").toAbsolutePath(),
                "--window-size=" + width + "," + height,
                "--blink-settings=preferredColorScheme=" + (look == Look.DARK ? 0 : 1),
                "--virtual-time-budget=" + seconds * 1000));
        command.addAll(what);
        command.add(page.toString());
        return Said.by(new ProcessBuilder(command)).orFail();
    }
}
