package dev.pilotlight.engine;

import dev.pilotlight.engine.VllmMetrics.HistogramName;
import dev.pilotlight.prometheus.MetricPage;
import dev.pilotlight.prometheus.Sample;
import dev.pilotlight.range.Range;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** From the buckets, sum and count of a page to a histogram, all ranks and models together. */
final class HistogramReader {
    private static final int MOST_BUCKETS = 256;

    private HistogramReader() {}

    /** Empty where anything of it cannot be: a histogram without one of its buckets is another one. */
    static Optional<Histogram> read(MetricPage page, HistogramName name, List<Sample> buckets) {
        TreeMap<Double, Double> byBound = new TreeMap<>();
        for (Sample sample : buckets) {
            OptionalDouble bound = bound(sample.series().label("le"));
            if (bound.isEmpty() || !Range.COUNT.has(sample.value())) {
                return Optional.empty();
            }
            byBound.merge(bound.getAsDouble(), sample.value(), Double::sum);
        }
        OptionalDouble sum = sum(page.samples(name.sum()));
        OptionalDouble count = sum(page.samples(name.count()));
        if (byBound.size() > MOST_BUCKETS || sum.isEmpty() || count.isEmpty()) {
            return Optional.empty();
        }
        double[] bounds = new double[byBound.size()];
        double[] cumulative = new double[byBound.size()];
        int i = 0;
        for (Map.Entry<Double, Double> bucket : byBound.entrySet()) {
            bounds[i] = bucket.getKey();
            cumulative[i] = bucket.getValue();
            if (!Range.COUNT.has(cumulative[i]) || i > 0 && cumulative[i] < cumulative[i - 1]) {
                return Optional.empty();
            }
            i++;
        }
        return Optional.of(new Histogram(bounds, cumulative, sum.getAsDouble(), count.getAsDouble()));
    }

    private static OptionalDouble bound(String le) {
        if ("+Inf".equals(le)) {
            return OptionalDouble.of(Double.POSITIVE_INFINITY);
        }
        try {
            return Range.BUCKET.of(Double.parseDouble(le));
        } catch (NumberFormatException notANumber) {
            return OptionalDouble.empty();
        }
    }

    private static OptionalDouble sum(List<Sample> samples) {
        double sum = 0;
        for (Sample sample : samples) {
            sum += sample.value();
        }
        return Range.COUNT.of(sum);
    }
}
