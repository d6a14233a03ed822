package dev.pilotlight.replay;

import dev.pilotlight.replay.Svg.Anchor;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** The course of a replay under some policies, one above the other: traffic, pods, load, requests too late. */
final class TimelinePlot {
    static final List<String> COLORS = List.of("#0b6e4f", "#c8553d", "#4062bb", "#8a6d3b", "#7d4f9e");
    private static final String GREY = "#888";
    private static final String FAINT = "#ddd";
    private static final int WIDTH = 900;
    private static final int LEFT = 60;
    private static final int RIGHT = 20;
    private static final int PANEL = 150;
    private static final int GAP = 34;
    private static final int TOP = 72;

    private final Svg svg = new Svg(WIDTH, TOP + 4 * (PANEL + GAP));
    private final double seconds;

    private TimelinePlot(double seconds) {
        this.seconds = seconds;
    }

    static Svg of(Scenario scenario, List<Outcome> outcomes) {
        TimelinePlot plot = new TimelinePlot(scenario.seconds());
        plot.legend(scenario, outcomes);
        plot.traffic(outcomes.getFirst());
        plot.panel(1, "pods in the Deployment", outcomes, it -> it.timeline().replicas(), Double.NaN);
        plot.panel(
                2,
                "load of the ready pods (1 = full)",
                outcomes,
                it -> it.timeline().load(),
                1);
        plot.panel(3, "requests too late, % of those that came", outcomes, TimelinePlot::latePercent, Double.NaN);
        plot.hours();
        return plot.svg;
    }

    private void legend(Scenario scenario, List<Outcome> outcomes) {
        svg.text(
                LEFT,
                18,
                Anchor.START,
                "#000",
                "%s: %s".formatted(scenario.name(), scenario.arrivals().name()));
        for (int i = 0; i < outcomes.size(); i++) {
            Outcome outcome = outcomes.get(i);
            String words = String.format(
                    Locale.ROOT,
                    "%s: %.2f %% late, %.1f GPU-hours",
                    outcome.policy(),
                    100 * outcome.breachShare(),
                    outcome.gpuHours());
            double x = LEFT + i % 2 * (WIDTH - LEFT - RIGHT) / 2.0;
            double y = 36 + i / 2 * 18;
            svg.dot(x + 4, y - 4, 4, color(i)).text(x + 12, y, Anchor.START, color(i), words);
        }
    }

    private static String color(int index) {
        return COLORS.get(index % COLORS.size());
    }

    private void traffic(Outcome any) {
        double[] rate = any.timeline().arrivalsPerSecond();
        double most = frame(0, "requests per second", largest(rate));
        svg.area(xs(any), ys(rate, 0, most), bottom(0), "#c9d6e8");
    }

    private void panel(
            int index, String title, List<Outcome> outcomes, Function<Outcome, double[]> which, double mark) {
        double largest = outcomes.stream()
                .mapToDouble(it -> largest(which.apply(it)))
                .max()
                .orElse(1);
        double most = frame(index, title, largest);
        if (mark < most) {
            double y = y(mark, index, most);
            svg.line(LEFT, y, WIDTH - RIGHT, y, GREY);
        }
        for (int i = outcomes.size() - 1; i >= 0; i--) {
            svg.curve(xs(outcomes.get(i)), ys(which.apply(outcomes.get(i)), index, most), color(i), i == 0 ? 2 : 1.3);
        }
    }

    /** Draws the axes and returns where the scale ends. */
    private double frame(int index, String title, double largest) {
        double step = step(largest);
        double most = Math.ceil(largest / step) * step;
        svg.text(LEFT, bottom(index) - PANEL - 6, Anchor.START, "#000", title);
        for (double value = 0; value <= most + step / 2; value += step) {
            double y = y(value, index, most);
            svg.line(LEFT, y, WIDTH - RIGHT, y, FAINT)
                    .text(
                            LEFT - 6,
                            y + 4,
                            Anchor.END,
                            GREY,
                            String.format(Locale.ROOT, step < 1 ? "%.1f" : "%.0f", value));
        }
        return most;
    }

    private void hours() {
        int every = Math.max(1, (int) Math.round(seconds / 3600 / 12));
        for (int hour = 0; hour * 3600 <= seconds; hour += every) {
            svg.text(x(hour * 3600), bottom(3) + 16, Anchor.MIDDLE, GREY, hour + " h");
        }
    }

    /** About four steps of a round size. */
    static double step(double largest) {
        double rough = Math.max(largest, 1e-6) / 4;
        double power = Math.pow(10, Math.floor(Math.log10(rough)));
        double digit = rough / power;
        return power * (digit > 5 ? 10 : digit > 2 ? 5 : digit > 1 ? 2 : 1);
    }

    private static double largest(double[] values) {
        double largest = 0;
        for (double value : values) {
            largest = Math.max(largest, value);
        }
        return Math.max(largest, 0.1);
    }

    private static double[] latePercent(Outcome outcome) {
        Outcome.Timeline timeline = outcome.timeline();
        double[] percent = new double[timeline.breaches().length];
        for (int i = 0; i < percent.length; i++) {
            double came = timeline.arrivalsPerSecond()[i] * timeline.sliceSeconds();
            percent[i] = came == 0 ? 0 : 100 * timeline.breaches()[i] / came;
        }
        return percent;
    }

    private double[] xs(Outcome outcome) {
        double[] xs = new double[outcome.timeline().replicas().length];
        for (int i = 0; i < xs.length; i++) {
            xs[i] = x((i + 0.5) * outcome.timeline().sliceSeconds());
        }
        return xs;
    }

    private double[] ys(double[] values, int panel, double most) {
        double[] ys = new double[values.length];
        for (int i = 0; i < ys.length; i++) {
            ys[i] = y(values[i], panel, most);
        }
        return ys;
    }

    private double x(double second) {
        return LEFT + (WIDTH - LEFT - RIGHT) * Math.min(1, second / seconds);
    }

    private static double y(double value, int panel, double most) {
        return bottom(panel) - PANEL * value / most;
    }

    private static double bottom(int panel) {
        return TOP + 10 + panel * (PANEL + GAP) + PANEL;
    }
}
