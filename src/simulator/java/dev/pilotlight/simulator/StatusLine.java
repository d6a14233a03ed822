package dev.pilotlight.simulator;

import java.util.Locale;
import java.util.Map;

/** A row for a terminal of 100 columns out of the sidecar's signals; what is unknown is a dash, never a zero. */
final class StatusLine {
    static final int WIDTH = 100;
    static final String HEAD = "time    phase     role      load                running waiting    kv  pods";

    private static final int BAR = 12;

    private StatusLine() {}

    /** @param signals the fields of {@code /api/v1/signals}, also of an answer that says no; empty if there was none */
    static String of(long elapsedSeconds, Map<String, Object> signals) {
        if (signals.isEmpty()) {
            return "%4d s  the sidecar does not answer yet".formatted(elapsedSeconds);
        }
        double load = number(signals, "load_ratio");
        return String.format(
                        Locale.ROOT,
                        "%4d s  %-9s %-8s %5s %s %7s %7s %5s %5s",
                        elapsedSeconds,
                        text(signals, "phase"),
                        text(signals, "role"),
                        figure("%.2f", load),
                        bar(load),
                        figure("%.0f", number(signals, "running_requests")),
                        figure("%.0f", number(signals, "waiting_requests")),
                        figure("%.2f", number(signals, "kv_cache_usage_ratio")),
                        figure("%.2f", number(signals, "demand_pods")))
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

    /** What is said under a row whose phase or role is new, cut to the terminal's width. */
    static String why(Map<String, Object> signals) {
        String line = "        -> " + (text(signals, "phase") + " " + reason(signals)).strip();
        return line.length() <= WIDTH ? line : line.substring(0, WIDTH - 3) + "...";
    }

    /** By which rows are told apart that are worth a word. */
    static String state(Map<String, Object> signals) {
        return text(signals, "phase") + " " + text(signals, "role");
    }

    private static String reason(Map<String, Object> signals) {
        String reason = text(signals, "reason");
        return reason.equals("-") && signals.get("error") instanceof String error
                ? error
                : reason.equals("-") ? "" : reason;
    }
}
