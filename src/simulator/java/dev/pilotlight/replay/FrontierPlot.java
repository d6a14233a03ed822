package dev.pilotlight.replay;

import dev.pilotlight.replay.Svg.Anchor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What each policy costs and what it keeps: GPU-hours to the right, requests too late upwards. The lower left is where to be. */
final class FrontierPlot {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 520;
    private static final int LEFT = 60;
    private static final int RIGHT = 30;
    private static final int TOP = 30;
    private static final int BOTTOM = 40;
    /** All below is drawn here. */
    private static final double LEAST_PERCENT = 0.01;

    private static final double LABEL_HEIGHT = 13;
    private static final double LETTER = 6.2;

    private record Box(double left, double top, double right, double bottom) {
        boolean meets(Box other) {
            return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
        }
    }

    private FrontierPlot() {}

    static Svg of(Scenario scenario, List<Outcome> outcomes) {
        Svg svg = new Svg(WIDTH, HEIGHT);
        double most = outcomes.stream().mapToDouble(Outcome::gpuHours).max().orElse(1);
        double step = TimelinePlot.step(most);
        double end = Math.ceil(most / step) * step;
        svg.text(
                LEFT,
                18,
                Anchor.START,
                "#000",
                "%s: requests too late (%%, logarithmic) over GPU-hours".formatted(scenario.name()));
        for (double percent = LEAST_PERCENT; percent <= 100; percent *= 10) {
            svg.line(LEFT, y(percent), WIDTH - RIGHT, y(percent), "#ddd")
                    .text(
                            LEFT - 6,
                            y(percent) + 4,
                            Anchor.END,
                            "#888",
                            percent < 1 ? "" + (float) percent : "" + Math.round(percent));
        }
        for (double hours = 0; hours <= end + step / 2; hours += step) {
            svg.text(x(hours, end), HEIGHT - BOTTOM + 18, Anchor.MIDDLE, "#888", "" + Math.round(hours));
        }
        List<Box> taken = new ArrayList<>();
        outcomes.forEach(outcome -> taken.add(around(x(outcome.gpuHours(), end), y(outcome))));
        outcomes.stream()
                .sorted(Comparator.comparing(Outcome::kind).reversed())
                .forEach(outcome -> draw(svg, outcome, x(outcome.gpuHours(), end), y(outcome), taken));
        return svg;
    }

    private static void draw(Svg svg, Outcome outcome, double x, double y, List<Box> taken) {
        String color = color(outcome.kind());
        svg.dot(x, y, outcome.kind() == Contender.Kind.PILOT_LIGHT ? 6 : 4, color);
        Box label = free(x, y, LETTER * outcome.policy().length(), taken);
        taken.add(label);
        svg.text(label.left, label.bottom - 3, Anchor.START, color, outcome.policy());
    }

    private static String color(Contender.Kind kind) {
        return switch (kind) {
            case PILOT_LIGHT -> "#0b6e4f";
            case AS_WRITTEN -> "#c8553d";
            case MENDED -> "#b07d2b";
            case FIXED -> "#4062bb";
            case ORACLE -> "#7d4f9e";
        };
    }

    /** The nearest place beside the dot that covers neither another label nor a dot. */
    private static Box free(double x, double y, double width, List<Box> taken) {
        for (double away = 0; away < 120; away += 3) {
            for (double left : new double[] {x + 9, x - 9 - width, x - width / 2}) {
                for (double middle : new double[] {y - away, y + away}) {
                    Box box = new Box(left, middle - LABEL_HEIGHT / 2, left + width, middle + LABEL_HEIGHT / 2);
                    if (left > LEFT
                            && left + width < WIDTH
                            && box.bottom < HEIGHT - BOTTOM + 6
                            && taken.stream().noneMatch(box::meets)) {
                        return box;
                    }
                }
            }
        }
        return new Box(x + 9, y - LABEL_HEIGHT / 2, x + 9 + width, y + LABEL_HEIGHT / 2);
    }

    private static Box around(double x, double y) {
        return new Box(x - 6, y - 6, x + 6, y + 6);
    }

    private static double x(double hours, double end) {
        return LEFT + (WIDTH - LEFT - RIGHT) * hours / end;
    }

    private static double y(Outcome outcome) {
        return y(100 * outcome.breachShare());
    }

    private static double y(double percent) {
        double share = Math.log10(Math.max(percent, LEAST_PERCENT) / LEAST_PERCENT) / Math.log10(100 / LEAST_PERCENT);
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share;
    }
}
