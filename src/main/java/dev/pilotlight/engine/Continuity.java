package dev.pilotlight.engine;

import dev.pilotlight.engine.EngineReading.Answered;
import java.time.Duration;
import java.util.Map;
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

    private static final Map<String, Function<EngineSnapshot, OptionalDouble>> COUNTERS = Map.of(
            "requests finished", EngineSnapshot::successes,
            "generated tokens", EngineSnapshot::generationTokens,
            "tokens of answers", EngineSnapshot::answeredTokens,
            "prompt tokens", EngineSnapshot::promptTokens,
            "cached prompt tokens", EngineSnapshot::cachedPromptTokens,
            "steps", EngineSnapshot::steps);

    private Continuity() {}

    /** Why {@code after} cannot be the next reading of the process of {@code before}. */
    static Optional<String> broken(Answered before, Answered after) {
        EngineSnapshot then = before.snapshot();
        EngineSnapshot now = after.snapshot();
        if (now.countsBackFrom(then)) {
            return Optional.of("counters stand lower than before, and the process is the same");
        }
        Optional<String> gone = COUNTERS.entrySet().stream()
                .filter(it -> wentBack(it.getValue().apply(then), it.getValue().apply(now)))
                .map(it -> "its counter of " + it.getKey() + " is gone or stands lower, and the process is the same")
                .findFirst();
        if (gone.isPresent()) {
            return gone;
        }
        double elapsed = Math.max(1, Duration.between(before.at(), after.at()).toNanos() / 1e9);
        double seconds = elapsed * Math.max(then.ranks().size(), now.ranks().size());
        return leap("requests finished", then.successes(), now.successes(), MOST_REQUESTS * seconds)
                .or(() -> leap(
                        "generated tokens", then.generationTokens(), now.generationTokens(), MOST_TOKENS * seconds))
                .or(() -> leap("tokens of answers", then.answeredTokens(), now.answeredTokens(), MOST_TOKENS * seconds))
                .or(() -> leap("prompt tokens", then.promptTokens(), now.promptTokens(), MOST_PROMPT_TOKENS * seconds))
                .or(() -> leap(
                        "cached prompt tokens",
                        then.cachedPromptTokens(),
                        now.cachedPromptTokens(),
                        MOST_PROMPT_TOKENS * seconds))
                .or(() -> leap("steps", then.steps(), now.steps(), MOST_STEPS * seconds));
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
        return COUNTERS.values().stream()
                .anyMatch(counter -> counter.apply(before).isPresent()
                        && counter.apply(after).isPresent());
    }

    /** Whether any of what it counts stands higher. */
    static boolean moved(Answered before, Answered after) {
        return COUNTERS.values().stream().anyMatch(counter -> {
            OptionalDouble then = counter.apply(before.snapshot());
            OptionalDouble now = counter.apply(after.snapshot());
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
