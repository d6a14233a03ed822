package dev.pilotlight.engine;

import dev.pilotlight.engine.EngineReading.Answered;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/** Whether one reading can be followed by another of the same process: counters stand still or grow, and no faster than engines do. */
final class Continuity {
    /** Per rank and second, a hundred times what the quickest card of today does. */
    private static final double MOST_TOKENS = 5e6;

    /** Prompt tokens that the prefix cache saves cost nothing, and so come faster. */
    private static final double MOST_PROMPT_TOKENS = 5e8;

    private static final double MOST_REQUESTS = 1e4;
    private static final double MOST_STEPS = 1e4;
    private static final double AN_HOUR = 3600;

    /** @param most per rank and second */
    private record Counter(String what, Function<EngineSnapshot, OptionalDouble> of, double most) {}

    private static final List<Counter> COUNTERS = List.of(
            new Counter("requests finished", EngineSnapshot::successes, MOST_REQUESTS),
            new Counter("generated tokens", EngineSnapshot::generationTokens, MOST_TOKENS),
            new Counter("tokens of answers", EngineSnapshot::answeredTokens, MOST_TOKENS),
            new Counter("prompt tokens", EngineSnapshot::promptTokens, MOST_PROMPT_TOKENS),
            new Counter("cached prompt tokens", EngineSnapshot::cachedPromptTokens, MOST_PROMPT_TOKENS),
            new Counter("steps", EngineSnapshot::steps, MOST_STEPS));

    private Continuity() {}

    /** Why {@code after} cannot be the next reading of the process of {@code before}. */
    static Optional<String> broken(Answered before, Answered after) {
        EngineSnapshot then = before.snapshot();
        EngineSnapshot now = after.snapshot();
        if (now.countsBackFrom(then)) {
            return Optional.of("counters stand lower than before, and the process is the same");
        }
        double elapsed = Math.max(1, Duration.between(before.at(), after.at()).toNanos() / 1e9);
        double seconds = elapsed * Math.max(then.ranks().size(), now.ranks().size());
        Optional<String> leap = Optional.empty();
        for (Counter counter : COUNTERS) {
            OptionalDouble was = counter.of().apply(then);
            OptionalDouble is = counter.of().apply(now);
            if (wentBack(was, is)) {
                return Optional.of(
                        "its counter of " + counter.what() + " is gone or stands lower, and the process is the same");
            }
            leap = leap.isPresent() ? leap : leap(counter.what(), was, is, counter.most() * seconds);
        }
        return leap;
    }

    /** Why the process cannot have begun when its page says. */
    static Optional<String> future(Answered reading) {
        double now = reading.at().getEpochSecond();
        return reading.snapshot().processStart().stream()
                .filter(start -> start > now + AN_HOUR)
                .mapToObj(start -> VllmMetrics.PROCESS_START + " lies " + Math.round(start - now) + " s in the future")
                .findFirst();
    }

    /** Whether there is a counter to compare. */
    static boolean isSeen(EngineSnapshot before, EngineSnapshot after) {
        return COUNTERS.stream()
                .anyMatch(counter -> counter.of().apply(before).isPresent()
                        && counter.of().apply(after).isPresent());
    }

    /** Whether any of what it counts stands higher. */
    static boolean moved(Answered before, Answered after) {
        return COUNTERS.stream().anyMatch(counter -> {
            OptionalDouble then = counter.of().apply(before.snapshot());
            OptionalDouble now = counter.of().apply(after.snapshot());
            return then.isPresent() && now.isPresent() && now.getAsDouble() > then.getAsDouble();
        });
    }

    private static boolean wentBack(OptionalDouble before, OptionalDouble after) {
        return before.isPresent() && after.orElse(-1) < before.getAsDouble();
    }

    private static Optional<String> leap(String what, OptionalDouble before, OptionalDouble after, double most) {
        double rise = after.isPresent() && before.isPresent() ? after.getAsDouble() - before.getAsDouble() : 0;
        return rise > most
                ? Optional.of("%.0f %s since the reading before, where %.0f could be".formatted(rise, what, most))
                : Optional.empty();
    }
}
