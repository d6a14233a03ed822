package dev.pilotlight.replay;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** A drawing under way; coordinates are pixels from the top left. */
final class Svg {
    enum Anchor {
        START,
        MIDDLE,
        END
    }

    private final StringBuilder text = new StringBuilder();

    Svg(int width, int height) {
        text.append(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">%n"
                        .formatted(width, height));
        text.append("<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>%n".formatted(width, height));
    }

    Svg line(double x1, double y1, double x2, double y2, String color) {
        return add("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>", x1, y1, x2, y2, color);
    }

    /** A curve through the points, as wide as given. */
    Svg curve(double[] x, double[] y, String color, double width) {
        return add(
                "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%.1f\" stroke-linejoin=\"round\"/>",
                points(x, y), color, width);
    }

    /** What is between the curve and the height {@code base}. */
    Svg area(double[] x, double[] y, double base, String color) {
        return add(
                "<polygon points=\"%.1f,%.1f %s %.1f,%.1f\" fill=\"%s\"/>",
                x[0], base, points(x, y), x[x.length - 1], base, color);
    }

    Svg dot(double x, double y, double radius, String color) {
        return add("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\"/>", x, y, radius, color);
    }

    Svg text(double x, double y, Anchor anchor, String color, String words) {
        return add(
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">%s</text>",
                x,
                y,
                anchor.name().toLowerCase(Locale.ROOT),
                color,
                words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"));
    }

    private Svg add(String element, Object... values) {
        text.append(String.format(Locale.ROOT, element, values)).append('\n');
        return this;
    }

    private static String points(double[] x, double[] y) {
        StringBuilder points = new StringBuilder();
        for (int i = 0; i < x.length; i++) {
            points.append(String.format(Locale.ROOT, i == 0 ? "%.1f,%.1f" : " %.1f,%.1f", x[i], y[i]));
        }
        return points.toString();
    }

    void write(Path file) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.writeString(file, text + "</svg>\n");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the plot " + file, e);
        }
    }
}
