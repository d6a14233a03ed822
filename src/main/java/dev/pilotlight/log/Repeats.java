package dev.pilotlight.log;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How much is logged at most: of lines that say the same but for their numbers a few in the first minute, then one after two, four, eight
 * minutes and so on for as long as they keep coming; and of all together some each second. What was left out is counted, and the next line
 * that gets through says how many.
 *
 * @param seen by what a line says
 * @param tokens lines that may be written now, whatever they say
 * @param filledAt when these were last counted
 * @param leftOut lines since the last that was written
 */
record Repeats(Map<String, Count> seen, double tokens, Instant filledAt, long leftOut) {
    static final Repeats NONE = new Repeats(Map.of(), Repeats.BURST, Instant.MIN, 0);

    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final Duration LONGEST_WINDOW = Duration.ofHours(1);
    private static final int SAME_IN_A_WINDOW = 3;
    private static final double BURST = 100;
    private static final double PER_SECOND = 1;
    private static final int MOST_KINDS = 64;
    private static final int LONGEST = 160;

    /**
     * @param lines of this kind in the window, those left out among them
     * @param last when the latest came
     */
    record Count(Instant since, Duration window, int most, long lines, Instant last) {
        static Count first(Instant now) {
            return new Count(now, WINDOW, SAME_IN_A_WINDOW, 1, now);
        }

        boolean isWritten() {
            return lines <= most;
        }

        boolean isOver(Instant now) {
            return Duration.between(since, now).compareTo(window) >= 0;
        }

        /** A trouble that lasts is no news, the longer the less; one that was over for a minute is. */
        Count next(Instant now) {
            if (!isOver(now)) {
                return new Count(since, window, most, lines + 1, now);
            }
            boolean lasts = !isWritten() && Duration.between(last, now).compareTo(WINDOW) < 0;
            Duration twice = window.multipliedBy(2);
            return lasts
                    ? new Count(now, twice.compareTo(LONGEST_WINDOW) < 0 ? twice : LONGEST_WINDOW, 1, 1, now)
                    : first(now);
        }
    }

    /** @param leftOut lines of whatever kind that were left out before this one */
    record Verdict(Repeats next, boolean isWritten, long leftOut) {}

    Verdict look(String logger, String text, Instant now) {
        String kind = kind(logger, text);
        Count before = seen.get(kind);
        Count after = before == null ? Count.first(now) : before.next(now);
        double filled = filledAt.equals(Instant.MIN)
                ? tokens
                : Math.min(BURST, tokens + Duration.between(filledAt, now).toMillis() / 1e3 * PER_SECOND);
        boolean isWritten = after.isWritten() && filled >= 1;
        Repeats next =
                new Repeats(with(kind, after, now), isWritten ? filled - 1 : filled, now, isWritten ? 0 : leftOut + 1);
        return new Verdict(next, isWritten, isWritten ? leftOut : 0);
    }

    /** Numbers differ from line to line of the same trouble, and so do addresses and identifiers, which are made of them. */
    private static String kind(String logger, String text) {
        String line = text.length() > LONGEST ? text.substring(0, LONGEST) : text;
        return logger + " " + line.replaceAll("[0-9a-f-]*[0-9][0-9a-f-]*", "#");
    }

    private Map<String, Count> with(String kind, Count after, Instant now) {
        Map<String, Count> all = new LinkedHashMap<>(seen);
        if (all.size() >= MOST_KINDS && !all.containsKey(kind)) {
            all.values().removeIf(one -> one.isOver(now));
            if (all.size() >= MOST_KINDS) {
                all.remove(all.keySet().iterator().next());
            }
        }
        all.put(kind, after);
        return all;
    }
}
