package dev.pilotlight.metrics;

import dev.pilotlight.drain.DrainGate;
import dev.pilotlight.loop.ControlLoop;
import dev.pilotlight.loop.Picture;
import dev.pilotlight.loop.PollTally;
import dev.pilotlight.loop.SteadyClock;
import dev.pilotlight.metrics.MetricCatalog.Point;
import io.prometheus.client.Collector;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Hands the newest picture to Prometheus at each scrape. Registered as a collector rather than as meters, since a meter can not be
 * absent and a signal from a stale source must be.
 */
@Singleton
public final class PictureMeters extends Collector {
    private final ControlLoop loop;
    private final DrainGate drains;
    private final SteadyClock clock;

    PictureMeters(ControlLoop loop, DrainGate drains, SteadyClock clock) {
        this.loop = loop;
        this.drains = drains;
        this.clock = clock;
    }

    @Override
    public List<MetricFamilySamples> collect() {
        Picture picture = loop.board().picture();
        List<Point> points = MetricCatalog.points(picture, drains.refusals(), clock.now());
        List<MetricFamilySamples> page = new ArrayList<>(MetricCatalog.ALL.size());
        for (Metric metric : MetricCatalog.ALL) {
            List<MetricFamilySamples.Sample> samples =
                    switch (metric.type()) {
                        case GAUGE, COUNTER -> samples(metric, points);
                        case HISTOGRAM -> polls(metric, picture);
                    };
            if (!samples.isEmpty()) {
                page.add(new MetricFamilySamples(metric.name(), type(metric), metric.help(), samples));
            }
        }
        return page;
    }

    private static Type type(Metric metric) {
        return switch (metric.type()) {
            case GAUGE -> Type.GAUGE;
            case COUNTER -> Type.COUNTER;
            case HISTOGRAM -> Type.HISTOGRAM;
        };
    }

    private static List<MetricFamilySamples.Sample> samples(Metric metric, List<Point> points) {
        List<MetricFamilySamples.Sample> samples = new ArrayList<>(2);
        for (Point point : points) {
            if (point.metric() == metric) {
                samples.add(
                        new MetricFamilySamples.Sample(metric.name(), metric.labels(), point.labels(), point.value()));
            }
        }
        return samples;
    }

    private static List<MetricFamilySamples.Sample> polls(Metric metric, Picture picture) {
        List<MetricFamilySamples.Sample> samples = new ArrayList<>();
        List<String> withBound =
                Stream.concat(metric.labels().stream(), Stream.of("le")).toList();
        MetricCatalog.polls(picture).forEach((key, counts) -> {
            List<String> labels = List.of(key.source(), key.outcome());
            double cumulative = 0;
            for (int i = 0; i < counts.buckets().length; i++) {
                cumulative += counts.buckets()[i];
                String bound = i < PollTally.BOUNDS.length ? doubleToGoString(PollTally.BOUNDS[i]) : "+Inf";
                samples.add(new MetricFamilySamples.Sample(
                        metric.name() + "_bucket", withBound, List.of(key.source(), key.outcome(), bound), cumulative));
            }
            samples.add(new MetricFamilySamples.Sample(metric.name() + "_count", metric.labels(), labels, cumulative));
            samples.add(
                    new MetricFamilySamples.Sample(metric.name() + "_sum", metric.labels(), labels, counts.seconds()));
        });
        return samples;
    }
}
