package dev.pilotlight.replay;

import java.util.List;
import java.util.Locale;

/** The outcomes of a scenario as a table. */
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
                                scenario.lives().nodeSeconds()
                                        + scenario.lives().loadSeconds()
                                        + 30,
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
}
