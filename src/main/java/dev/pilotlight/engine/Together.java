package dev.pilotlight.engine;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineReading.NotYet;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.EngineReading.Unreachable;
import dev.pilotlight.engine.EngineReading.Unreadable;
import dev.pilotlight.http.Cause;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Several servers of one pod as one engine: their ranks side by side, their gauges and counters added up, and the worst of what they say.
 * It is dead, silent or gone only where all of them are.
 */
public final class Together {
    private Together() {}

    /** @param patience how long a server may be silent before that is held against it */
    public static EngineReading read(Instant at, List<Part> parts, Duration patience) {
        if (parts.stream().allMatch(Part::isUnreachable)) {
            return unreachable(at, parts);
        }
        List<String> blind =
                parts.stream().flatMap(part -> part.blindness().stream()).toList();
        Optional<Model> model =
                parts.stream().allMatch(part -> part.model(patience).isPresent())
                        ? parts.getFirst().model(patience)
                        : Optional.empty();
        HealthAnswer health = health(parts, patience);
        if (!blind.isEmpty()) {
            return new Unreadable(at, health, model, pause(parts), String.join("; ", blind));
        }
        return new Answered(
                at,
                snapshot(parts),
                health,
                model,
                modelsWhy(parts, patience),
                inFlight(parts),
                pause(parts),
                route(parts));
    }

    private static EngineReading unreachable(Instant at, List<Part> parts) {
        List<Unreachable> readings = new ArrayList<>();
        for (Part part : parts) {
            if (part.latest() instanceof Unreachable unreachable) {
                readings.add(unreachable);
            }
        }
        if (readings.isEmpty()) {
            return new NotYet(at);
        }
        List<Cause> causes =
                readings.stream().map(Unreachable::cause).distinct().toList();
        // Unless all say the same nothing is known of what they do.
        Cause cause = causes.size() == 1
                ? causes.getFirst()
                : causes.stream()
                        .filter(it -> it != Cause.REFUSED && it != Cause.TIMED_OUT)
                        .findFirst()
                        .orElse(Cause.BROKEN);
        return new Unreachable(
                at, cause, readings.stream().map(Unreachable::why).distinct().collect(Collectors.joining("; ")));
    }

    private static HealthAnswer health(List<Part> parts, Duration patience) {
        List<HealthAnswer> said =
                parts.stream().flatMap(part -> part.health().stream()).toList();
        for (HealthAnswer each : said) {
            if (each instanceof HealthAnswer.Held) {
                return each;
            }
        }
        List<HealthAnswer.Unhealthy> ill = said.stream()
                .filter(HealthAnswer.Unhealthy.class::isInstance)
                .map(HealthAnswer.Unhealthy.class::cast)
                .toList();
        if (ill.size() == parts.size()) {
            return ill.stream().filter(it -> !it.isDead()).findFirst().orElse(ill.getFirst());
        }
        List<String> problems =
                parts.stream().flatMap(part -> part.trouble(patience).stream()).toList();
        if (!problems.isEmpty()) {
            return new HealthAnswer.Partly(
                    problems.size() + " of " + parts.size() + " engine addresses: " + String.join("; ", problems));
        }
        return said.stream().allMatch(HealthAnswer.NoAnswer.class::isInstance)
                ? new HealthAnswer.NoAnswer()
                : new HealthAnswer.Healthy();
    }

    private static String modelsWhy(List<Part> parts, Duration patience) {
        for (Part part : parts) {
            if (part.model(patience).isEmpty()) {
                return part.latest() instanceof Answered answered
                        ? part.address() + ": " + answered.modelsWhy()
                        : part.trouble(patience).orElse(part.address() + " lists no model");
            }
        }
        return "";
    }

    private static EngineSnapshot snapshot(List<Part> parts) {
        List<EngineSnapshot> pages = parts.stream()
                .map(part -> part.numbers().orElseThrow().snapshot())
                .toList();
        List<Rank> ranks = new ArrayList<>();
        for (Part part : parts) {
            for (Rank rank : part.numbers().orElseThrow().snapshot().ranks()) {
                ranks.add(part.isRefused() ? rank.at(part.address()).idle() : rank.at(part.address()));
            }
        }
        return new EngineSnapshot(
                ranks,
                pages.stream()
                        .flatMap(page -> page.models().stream())
                        .distinct()
                        .toList(),
                // Of the youngest: another process anywhere is another engine.
                pages.stream().map(EngineSnapshot::processStart).reduce(OptionalDouble.empty(), Together::greater),
                new CacheConfig(sum(pages, page -> page.cache().tokens()), sum(pages, page -> page.cache()
                        .maxConcurrency())),
                sleep(pages),
                latencies(parts),
                new ServerState(
                        sum(pages, page -> page.server().weightUpdates()),
                        sum(pages, page -> page.server().rejections()),
                        sum(pages, page -> page.server().webSockets()),
                        sum(pages, page -> page.server().pinnedRequests()),
                        sum(pages, page -> page.server().sleepOperations())),
                pages.stream().flatMap(page -> page.leftOut().stream()).findFirst());
    }

    private static Latencies latencies(List<Part> parts) {
        return parts.stream().map(Part::latencies).reduce(Latencies::plus).orElse(Latencies.NONE);
    }

    private static Sleep sleep(List<EngineSnapshot> pages) {
        List<Sleep> said = pages.stream().map(EngineSnapshot::sleep).distinct().toList();
        return said.contains(Sleep.ASLEEP) ? Sleep.ASLEEP : said.contains(Sleep.UNKNOWN) ? Sleep.UNKNOWN : Sleep.AWAKE;
    }

    private static Pause pause(List<Part> parts) {
        List<Pause> said = parts.stream()
                .map(part -> switch (part.latest()) {
                    case Answered answered -> answered.pause();
                    case Unreadable unreadable -> unreadable.pause();
                    case NotYet _, Unreachable _ -> Pause.UNKNOWN;
                })
                .toList();
        return said.contains(Pause.PAUSED)
                ? Pause.PAUSED
                : said.contains(Pause.ASLEEP)
                        ? Pause.ASLEEP
                        : said.contains(Pause.UNKNOWN) ? Pause.UNKNOWN : Pause.NONE;
    }

    /** Known where all that run say it. */
    private static OptionalDouble inFlight(List<Part> parts) {
        double sum = 0;
        for (Part part : parts) {
            OptionalDouble said = part.numbers().orElseThrow().inFlight();
            if (said.isEmpty() && !part.isRefused()) {
                return OptionalDouble.empty();
            }
            sum += part.isRefused() ? 0 : said.getAsDouble();
        }
        return OptionalDouble.of(sum);
    }

    private static String route(List<Part> parts) {
        return parts.stream()
                .map(part -> part.numbers().orElseThrow().route())
                .distinct()
                .collect(Collectors.joining(" and ", "", ", of " + parts.size() + " addresses"));
    }

    private static OptionalDouble greater(OptionalDouble one, OptionalDouble other) {
        return one.isEmpty() || other.isPresent() && other.getAsDouble() > one.getAsDouble() ? other : one;
    }

    private static OptionalDouble sum(List<EngineSnapshot> pages, Function<EngineSnapshot, OptionalDouble> what) {
        double sum = 0;
        boolean isKnown = false;
        for (EngineSnapshot page : pages) {
            OptionalDouble value = what.apply(page);
            isKnown |= value.isPresent();
            sum += value.orElse(0);
        }
        return isKnown ? OptionalDouble.of(sum) : OptionalDouble.empty();
    }
}
