package dev.pilotlight.replay;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/** Whether {@code make replay} would take a command line, without the hour that some take. */
public final class ReplayLine {
    private ReplayLine() {}

    public static List<String> problems(String... arguments) {
        if (List.of(arguments).equals(List.of("--help"))) {
            return List.of();
        }
        try {
            Options options = Options.parse(arguments);
            List<String> problems = new ArrayList<>();
            options.policies().stream()
                    .filter(policy -> !Files.exists(policy))
                    .forEach(policy -> problems.add("there is no " + policy));
            options.trace()
                    .filter(trace -> !Files.exists(trace))
                    .ifPresent(trace -> problems.add("there is no " + trace));
            String scenario = options.scenario();
            if (!scenario.equals("all") && !Scenarios.names().contains(scenario)) {
                problems.add("there is no scenario " + scenario + ": " + Scenarios.names());
            }
            return problems;
        } catch (IllegalArgumentException wrong) {
            return List.of(wrong.getMessage());
        }
    }
}
