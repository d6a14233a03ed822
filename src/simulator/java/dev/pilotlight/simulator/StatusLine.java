package dev.pilotlight.simulator;

import java.util.Locale;
import java.util.Map;

/** One line for the terminal out of the sidecar's signals; what is unknown is a dash, never a zero. */
final class StatusLine {
    private static final int BAR = 16;

    private StatusLine() {}

    /** @param signals the fields of {@code /api/v1/signals}, also of an answer that says no; empty if there was none */
    static String of(long elapsedSeconds, Map<String, Object> signals) {
        if (signals.isEmpty()) {
            return "%4d s  the sidecar does not answer yet".formatted(elapsedSeconds);
        }
        double load = number(signals, "load_ratio");
        return String.format(
                        Locale.ROOT,
                        "%4d s  %-9s %-8s load %s %s  run %-3s wait %-3s kv %s  demand %s  %s",
                        elapsedSeconds,
                        text(signals, "phase"),
                        text(signals, "role"),
                        figure("%5.2f", load),
                        bar(load),
                        figure("%.0f", number(signals, "running_requests")),
                        figure("%.0f", number(signals, "waiting_requests")),
                        figure("%4.2f", number(signals, "kv_cache_usage_ratio")),
                        figure("%5.2f", number(signals, "demand_pods")),
                        reason(signals))
                .stripTrailing();
    }

    /** Ten marks are a full pod; a plus at the end says that there is more than fits. */
    private static String bar(double load) {
        int marks = Double.isNaN(load) ? 0 : (int) Math.min(BAR, Math.round(load * 10));
        String end = load * 10 > BAR + 0.5 ? "+" : "]";
        return "[" + "#".repeat(marks) + ".".repeat(BAR - marks) + end;
    }

    private static String figure(String format, double value) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, format, value);
    }

    private static double number(Map<String, Object> signals, String name) {
        return signals.get(name) instanceof Double value ? value : Double.NaN;
    }

    private static String text(Map<String, Object> signals, String name) {
        return signals.get(name) instanceof String value && !value.isEmpty() ? value : "-";
    }

    private static String reason(Map<String, Object> signals) {
        String reason = text(signals, "reason");
        return reason.equals("-") && signals.get("error") instanceof String error
                ? error
                : reason.equals("-") ? "" : reason;
    }
}
