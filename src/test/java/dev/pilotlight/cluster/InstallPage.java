package dev.pilotlight.cluster;

import dev.pilotlight.process.Program;
import dev.pilotlight.process.Said;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The commands of docs/install.md, run as they stand there against a control plane, with the reader's own names put in. */
final class InstallPage {
    private static final Path PAGE = Path.of("docs/install.md");

    private final ControlPlane plane;
    private final Map<String, String> own;
    private final String path;

    /** @param own what a reader writes instead of a word of the page */
    InstallPage(ControlPlane plane, Map<String, String> own) {
        this.plane = plane;
        this.own = own;
        Path programs = plane.home().resolve("bin");
        program(programs, "kubectl", "scripts/cluster/cluster.sh kubectl");
        program(programs, "helm", Program.HELM.path().toString());
        this.path = programs + ":" + System.getenv("PATH");
    }

    private static void program(Path folder, String name, String command) {
        try {
            Files.createDirectories(folder);
            Path file = Files.writeString(folder.resolve(name), "#!/bin/sh\nexec " + command + " \"$@\"\n");
            file.toFile().setExecutable(true);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** The commands below a heading, one each, as they stand there. */
    static List<String> under(String heading) {
        try {
            String section = Files.readString(PAGE)
                    .split("(?m)^## \\Q" + heading + "\\E.*$", 2)[1]
                    .split("(?m)^## ", 2)[0];
            List<String> commands = new ArrayList<>();
            boolean isShell = false;
            for (String line : section.replace("\\\n", " ").lines().toList()) {
                if (line.startsWith("```")) {
                    isShell = line.equals("```sh");
                } else if (isShell && !line.isBlank()) {
                    commands.add(line.replaceAll("\\s+", " ").replaceAll("\\s#\\s.*$", ""));
                }
            }
            return commands;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Runs those of a section that begin so; more options where the page's table asks for them. */
    void run(String heading, String beginning, String... more) {
        List<String> commands = under(heading).stream()
                .filter(command -> command.startsWith(beginning))
                .toList();
        if (commands.isEmpty()) {
            throw new AssertionError(PAGE + " has no command " + beginning + " under " + heading);
        }
        commands.forEach(command -> run(command + List.of(more).stream().collect(Collectors.joining(" ", " ", ""))));
    }

    private void run(String command) {
        String mine = command;
        for (Map.Entry<String, String> word : own.entrySet()) {
            mine = mine.replace(word.getKey(), word.getValue());
        }
        System.out.println("$ " + mine);
        ProcessBuilder shell = new ProcessBuilder("sh", "-c", mine);
        shell.environment().put("KUBECONFIG", plane.kubeconfig().toString());
        shell.environment().put("PATH", path);
        Said.by(shell).orFail();
    }
}
