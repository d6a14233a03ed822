package dev.pilotlight.replay;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The outcomes of a scenario, for people: a table, and plots. */
final class Report {
    private Report() {}

    static String table(Scenario scenario, List<Outcome> outcomes) {
        StringBuilder text = new StringBuilder(title(scenario));
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
        outcomes.stream()
                .filter(ours -> ours.kind() == Contender.Kind.PILOT_LIGHT)
                .forEach(ours -> outcomes.stream()
                        .filter(it -> it.kind() == Contender.Kind.MENDED && ours.isBeatenBy(it))
                        .forEach(it -> text.append(
                                "  on both axes %s is better than %s%n".formatted(it.policy(), ours.policy()))));
        return text.toString();
    }

    private static String title(Scenario scenario) {
        return "%s: %d requests in %s, %d to %d pods of %s, cold start about %.0f s, objective: first token within %.1f s%n"
                .formatted(
                        scenario.name(),
                        scenario.arrivals().size(),
                        scenario.arrivals().name(),
                        scenario.minReplicas(),
                        scenario.maxReplicas(),
                        scenario.profile().name(),
                        scenario.lives().totalSeconds(),
                        scenario.sloSeconds());
    }

    /** Of several seeds: the same policies in the same order for each. */
    static String spread(Scenario first, List<List<Outcome>> seeds) {
        StringBuilder text = new StringBuilder(title(first));
        text.append("  %-34s %9s %9s %9s %9s   of %d seeds%n"
                .formatted("policy", "late", "worst", "GPU-hours", "worst", seeds.size()));
        for (int i = 0; i < seeds.getFirst().size(); i++) {
            int policy = i;
            List<Outcome> one = seeds.stream().map(all -> all.get(policy)).toList();
            DoubleSummaryStatistics late =
                    one.stream().mapToDouble(it -> 100 * it.breachShare()).summaryStatistics();
            DoubleSummaryStatistics hours =
                    one.stream().mapToDouble(Outcome::gpuHours).summaryStatistics();
            text.append(String.format(
                    Locale.ROOT,
                    "  %-34s %8.2f%% %8.2f%% %9.1f %9.1f%n",
                    one.getFirst().policy(),
                    late.getAverage(),
                    late.getMax(),
                    hours.getAverage(),
                    hours.getMax()));
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
