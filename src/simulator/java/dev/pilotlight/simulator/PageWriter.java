package dev.pilotlight.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Writes the families of a metrics page as Python's prometheus_client writes them, all of them or only some samples. */
final class PageWriter {
    private final StringBuilder page = new StringBuilder(1 << 16);
    private final StringBuilder samples = new StringBuilder(1 << 12);
    private final boolean multiProcess;
    private final Set<String> wanted;
    private double createdSeconds;

    /**
     * @param multiProcess no {@code _created} gauges, histograms begin with their sum, and only gauges are declared without a sample
     * @param wanted names of the samples wanted; empty for all
     * @param createdSeconds Unix time at which the first metric was made
     */
    PageWriter(boolean multiProcess, Set<String> wanted, double createdSeconds) {
        this.multiProcess = multiProcess;
        this.wanted = wanted;
        this.createdSeconds = createdSeconds;
    }

    /** Writes one family and, where a single process has one, the gauge of its creation. */
    void write(Family family) {
        Series series = new Series(family.name());
        family.samples().into(series);
        boolean declared = wanted.isEmpty() && (!multiProcess || family.kind() == Family.Kind.GAUGE);
        close(family.name(), family.kind(), family.help(), declared);
        if (!multiProcess && family.hasCreated()) {
            for (String labels : series.created) {
                createdSeconds += 16e-6;
                sample(family.createdName(), labels, createdSeconds);
            }
            close(family.createdName(), Family.Kind.GAUGE, family.help(), false);
        }
    }

    private void close(String name, Family.Kind kind, String help, boolean declared) {
        if (declared || !samples.isEmpty()) {
            page.append("# HELP ").append(name).append(' ').append(help).append('\n');
            page.append("# TYPE ").append(name).append(' ').append(kind.label()).append('\n');
            page.append(samples);
        }
        samples.setLength(0);
    }

    private void sample(String name, String labels, double value) {
        if (wanted.isEmpty() || wanted.contains(name)) {
            samples.append(name);
            if (!labels.isEmpty()) {
                samples.append('{').append(labels).append('}');
            }
            samples.append(' ').append(PythonFloat.of(value)).append('\n');
        }
    }

    @Override
    public String toString() {
        return page.toString();
    }

    /** Fills a family with its samples. */
    interface Samples {
        void into(Series series);
    }

    /** The samples of one family; labels are given written out and sorted by name. */
    final class Series {
        private final String name;
        private final List<String> created = new ArrayList<>();

        private Series(String name) {
            this.name = name;
        }

        void value(String labels, double value) {
            sample(name, labels, value);
            created.add(labels);
        }

        void summary(String labels, long count, double sum) {
            sample(name + "_count", labels, count);
            sample(name + "_sum", labels, sum);
            created.add(labels);
        }

        /**
         * @param before labels that sort before {@code le}
         * @param after labels that sort behind it
         */
        void histogram(String before, String after, Histogram histogram) {
            String plain = join(before, after);
            if (multiProcess) {
                sample(name + "_sum", plain, histogram.sum());
            }
            for (int i = 0; i < histogram.size(); i++) {
                String le = "le=\"" + PythonFloat.of(histogram.bound(i)) + '"';
                sample(name + "_bucket", join(join(before, le), after), histogram.cumulative(i));
            }
            sample(name + "_count", plain, histogram.count());
            if (!multiProcess) {
                sample(name + "_sum", plain, histogram.sum());
            }
            created.add(plain);
        }
    }

    private static String join(String left, String right) {
        return left.isEmpty() ? right : right.isEmpty() ? left : left + "," + right;
    }
}
