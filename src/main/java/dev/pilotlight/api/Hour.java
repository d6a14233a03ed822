package dev.pilotlight.api;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.loop.ControlLoop;
import dev.pilotlight.loop.Picture;
import dev.pilotlight.loop.SteadyClock;
import dev.pilotlight.signal.Signals;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/** The last hour in points of ten seconds, for the page: who opens it at night sees what happened. Some 20 KiB, and no more. */
@Singleton
public final class Hour {
    public static final Duration EVERY = Duration.ofSeconds(10);
    static final int MOST = 360;

    private final ControlLoop loop;
    private final SteadyClock clock;
    private volatile List<Point> points = List.of();

    /** What is not known is no number, here and nowhere else: a point is kept 360 times. */
    record Point(Instant at, String phase, double load, double requests, double firstToken, double interToken) {
        static Point of(Picture picture, Instant now) {
            Optional<Signals> signals = picture.freshSignals(now);
            return new Point(
                    now,
                    picture.phase().word(),
                    number(signals.map(Signals::load)),
                    picture.freshNumbers(now).map(Point::requests).orElse(Double.NaN),
                    number(signals.map(it -> it.ttft().p95())),
                    number(signals.map(it -> it.itl().p95())));
        }

        private static double requests(Answered numbers) {
            return numbers.snapshot().ranks().stream()
                    .mapToDouble(Point::requests)
                    .sum();
        }

        private static double requests(Rank rank) {
            return rank.running() + rank.waiting();
        }

        private static double number(Optional<OptionalDouble> value) {
            return value.orElse(OptionalDouble.empty()).orElse(Double.NaN);
        }
    }

    Hour(ControlLoop loop, SteadyClock clock) {
        this.loop = loop;
        this.clock = clock;
    }

    /** To be called every ten seconds, by one thread. */
    public void look() {
        points = with(points, Point.of(loop.board().picture(), clock.now()));
    }

    static List<Point> with(List<Point> before, Point newest) {
        List<Point> next = new ArrayList<>(before.subList(Math.max(0, before.size() + 1 - MOST), before.size()));
        next.add(newest);
        return List.copyOf(next);
    }

    Map<String, Object> view() {
        return view(points, clock.now());
    }

    /** A list for each value, oldest first; null where it was not known. */
    static Map<String, Object> view(List<Point> points, Instant now) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put(
                "secondsAgo",
                points.stream()
                        .map(it -> Duration.between(it.at(), now).toSeconds())
                        .toList());
        view.put("phase", points.stream().map(Point::phase).toList());
        view.put("load", numbers(points, Point::load));
        view.put("requests", numbers(points, Point::requests));
        view.put("timeToFirstTokenP95Seconds", numbers(points, Point::firstToken));
        view.put("interTokenP95Seconds", numbers(points, Point::interToken));
        return view;
    }

    private static List<Double> numbers(List<Point> points, ToDoubleFunction<Point> value) {
        List<Double> numbers = new ArrayList<>(points.size());
        for (Point point : points) {
            double number = value.applyAsDouble(point);
            numbers.add(Double.isNaN(number) ? null : Math.round(number * 1e4) / 1e4);
        }
        return numbers;
    }
}
