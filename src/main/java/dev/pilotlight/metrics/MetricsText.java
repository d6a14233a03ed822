package dev.pilotlight.metrics;

import dev.pilotlight.drain.Refusals;
import dev.pilotlight.loop.Picture;
import dev.pilotlight.loop.PollTally;
import dev.pilotlight.metrics.MetricCatalog.Point;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a picture as Prometheus reads it: the text format 0.0.4, or OpenMetrics 1.0.0. From points rather than from meters, since a meter
 * can not be absent and a signal from a stale source must be.
 */
final class MetricsText {
    /** Which of the two. */
    enum Format {
        PLAIN("text/plain; version=0.0.4; charset=utf-8"),
        OPEN_METRICS("application/openmetrics-text; version=1.0.0; charset=utf-8");

        final String contentType;

        Format(String contentType) {
            this.contentType = contentType;
        }
    }

    private final Format format;
    private final StringBuilder text = new StringBuilder(8 << 10);

    private MetricsText(Format format) {
        this.format = format;
    }

    /** @param version of this sidecar */
    static String of(Picture picture, Refusals refusals, String version, Instant now, Format format) {
        MetricsText page = new MetricsText(format);
        List<Point> points = new ArrayList<>(MetricCatalog.points(picture, refusals, now));
        points.add(new Point(MetricCatalog.BUILD_INFO, List.of(version), 1));
        for (Metric metric : MetricCatalog.ALL) {
            switch (metric.type()) {
                case GAUGE, COUNTER -> page.family(metric, points);
                case HISTOGRAM -> page.polls(metric, picture);
            }
        }
        if (format == Format.OPEN_METRICS) {
            page.text.append("# EOF\n");
        }
        return page.text.toString();
    }

    private void family(Metric metric, List<Point> points) {
        boolean isBegun = false;
        for (Point point : points) {
            if (point.metric() == metric) {
                if (!isBegun) {
                    begin(metric);
                    isBegun = true;
                }
                sample(metric.name(), metric.labels(), point.labels(), "", point.value());
            }
        }
    }

    private void polls(Metric metric, Picture picture) {
        if (MetricCatalog.polls(picture).isEmpty()) {
            return;
        }
        begin(metric);
        MetricCatalog.polls(picture).forEach((key, counts) -> {
            List<String> labels = List.of(key.source(), key.outcome());
            long cumulative = 0;
            for (int i = 0; i < counts.buckets().length; i++) {
                cumulative += counts.buckets()[i];
                String bound = i < PollTally.BOUNDS.length ? Double.toString(PollTally.BOUNDS[i]) : "+Inf";
                sample(metric.name() + "_bucket", metric.labels(), labels, bound, cumulative);
            }
            sample(metric.name() + "_count", metric.labels(), labels, "", cumulative);
            sample(metric.name() + "_sum", metric.labels(), labels, "", counts.seconds());
        });
    }

    private void begin(Metric metric) {
        // The family of a counter goes without the suffix of its samples in OpenMetrics.
        String family = format == Format.OPEN_METRICS && metric.type() == Metric.Type.COUNTER
                ? metric.name().replaceFirst("_total$", "")
                : metric.name();
        text.append("# HELP ").append(family).append(' ');
        escaped(metric.help(), format == Format.OPEN_METRICS);
        text.append("\n# TYPE ")
                .append(family)
                .append(' ')
                .append(
                        switch (metric.type()) {
                            case GAUGE -> "gauge";
                            case COUNTER -> "counter";
                            case HISTOGRAM -> "histogram";
                        });
        text.append('\n');
    }

    /** @param bound of a histogram's bucket; empty elsewhere */
    private void sample(String name, List<String> names, List<String> values, String bound, double value) {
        text.append(name);
        char before = '{';
        for (int i = 0; i < names.size(); i++) {
            label(before, names.get(i), values.get(i));
            before = ',';
        }
        if (!bound.isEmpty()) {
            label(before, "le", bound);
            before = ',';
        }
        if (before == ',') {
            text.append('}');
        }
        text.append(' ').append(value).append('\n');
    }

    private void label(char before, String name, String value) {
        text.append(before).append(name).append("=\"");
        escaped(value, true);
        text.append('"');
    }

    private void escaped(String value, boolean quotes) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '"' -> text.append(quotes ? "\\\"" : "\"");
                default -> text.append(c);
            }
        }
    }
}
