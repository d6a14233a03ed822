package dev.pilotlight.simulator;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What {@link Demo} is asked for.
 *
 * @param launch how the sidecar is named to {@code java}: {@code -jar FILE}, or a class path and a class
 * @param engine the server to watch; null for a simulated one with traffic
 * @param port of the sidecar
 * @param length after which it ends by itself; zero for never
 * @param log where the sidecar's log goes
 */
record DemoOptions(List<String> launch, URI engine, int port, Duration length, Path log) {
    static final String USAGE =
            "usage: Demo --sidecar-jar FILE [--engine-url URL] [--port 9110] [--for SECONDS] [--log FILE]";

    static DemoOptions parse(String... args) {
        List<String> launch = List.of();
        URI engine = null;
        int port = 9110;
        Duration length = Duration.ZERO;
        Path log = Path.of("target", "run", "sidecar.log");
        for (Flags.Flag flag : Flags.of(args).all()) {
            switch (flag.name()) {
                case "--sidecar-jar" -> launch = List.of("-jar", jar(flag.value()));
                case "--engine-url" -> engine = flag.value().isEmpty() ? null : url(flag.value());
                case "--port" -> port = flag.integer();
                case "--for" -> length = Duration.ofSeconds(flag.integer());
                case "--log" -> log = Path.of(flag.value());
                default -> throw new IllegalArgumentException("no flag " + flag.name());
            }
        }
        if (launch.isEmpty()) {
            throw new IllegalArgumentException("--sidecar-jar is missing");
        }
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("--port wants 1 to 65535, not " + port);
        }
        return new DemoOptions(launch, engine, port, length, log);
    }

    private static String jar(String file) {
        if (!Files.isRegularFile(Path.of(file))) {
            throw new IllegalArgumentException("no sidecar at '" + file + "'; build it with: make package");
        }
        return file;
    }

    private static URI url(String text) {
        URI uri = URI.create(text);
        if (uri.getHost() == null || uri.getScheme() == null || !uri.getScheme().startsWith("http")) {
            throw new IllegalArgumentException(
                    "--engine-url wants something like http://host:8000, not '" + text + "'");
        }
        return uri;
    }

    /** The command of the child process. */
    List<String> command(URI engineUri) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-Dpilotlight.engine.url=" + engineUri,
                "-Dquarkus.http.port=" + port,
                "-Dpilotlight.pool.standby-after=8s"));
        if (engine == null) {
            // vLLM publishes its slot limit nowhere, and without it an empty pod looks emptier than it is: as in a
            // pod, from its arguments.
            command.add("-Dpilotlight.engine.max-num-seqs=" + Profile.TINY.maxNumSeqs());
        }
        command.addAll(launch);
        return command;
    }
}
