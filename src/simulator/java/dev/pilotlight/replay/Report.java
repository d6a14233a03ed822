package dev.pilotlight.replay;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The outcomes of a scenario, for people: a table, and plots. */
final class Report {
    private Report() {}

    static String table(Scenario scenario, List<Outcome> outcomes) {
        StringBuilder text = new StringBuilder(
                "%s: %d requests in %s, %d to %d pods of %s, cold start about %.0f s, objective: first token within %.1f s%n"
                        .formatted(
                                scenario.name(),
                                scenario.arrivals().size(),
                                scenario.arrivals().name(),
                                scenario.minReplicas(),
                                scenario.maxReplicas(),
                                scenario.profile().name(),
                                scenario.lives().totalSeconds(),
                                scenario.sloSeconds()));
        text.append("  %-34s %8s %9s %6s %5s %8s %8s %8s%n"
                .formatted("policy", "late", "GPU-hours", "moves", "peak", "p50 TTFT", "p95", "p99"));
        for (Outcome outcome : outcomes) {
            text.append(String.format(
                    Locale.ROOT,
                    "  %-34s %7.2f%% %9.1f %6d %5d %7.2fs %7.2fs %7.2fs%n",
                    outcome.policy(),
                    100 * outcome.breachShare(),
                    outcome.gpuHours(),
                    outcome.moves(),
                    outcome.peakReplicas(),
                    outcome.ttft().p50(),
                    outcome.ttft().p95(),
                    outcome.ttft().p99()));
        }
        return text.toString();
    }

    /** Writes the plots and says where they are. */
    static String plots(Scenario scenario, List<Outcome> outcomes, Path folder) {
        String name = scenario.name().replaceAll("[^A-Za-z0-9]+", "-");
        Path timeline = folder.resolve(name + "-timeline.svg");
        Path frontier = folder.resolve(name + "-frontier.svg");
        TimelinePlot.of(scenario, telling(outcomes)).write(timeline);
        FrontierPlot.of(scenario, outcomes).write(frontier);
        return timeline + ", " + frontier;
    }

    /** Those worth following through time: ours, what users do today, and what could be had. */
    private static List<Outcome> telling(List<Outcome> outcomes) {
        List<Outcome> chosen = outcomes.stream()
                .filter(it -> it.kind() == Contender.Kind.PILOT_LIGHT)
                .limit(2)
                .collect(Collectors.toCollection(ArrayList::new));
        outcomes.stream()
                .filter(it -> it.policy().equals(Policies.COMBINED_MENDED) || it.kind() == Contender.Kind.ORACLE)
                .forEach(chosen::add);
        return chosen.isEmpty() ? outcomes.subList(0, Math.min(3, outcomes.size())) : chosen;
    }
}
