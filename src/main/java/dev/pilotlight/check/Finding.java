package dev.pilotlight.check;

import java.util.Optional;

/**
 * One thing that was looked at.
 *
 * @param what in one word
 * @param says what was found
 * @param fix what to do about it
 */
record Finding(Level level, String what, String says, Optional<String> fix) {
    enum Level {
        OK,
        /** Works without; the operator should know. */
        NOTE,
        /** Something that the operator wants does not work. */
        MISSING
    }

    static Finding ok(String what, String says) {
        return new Finding(Level.OK, what, says, Optional.empty());
    }

    static Finding note(String what, String says, String fix) {
        return new Finding(Level.NOTE, what, says, Optional.of(fix));
    }

    static Finding missing(String what, String says, String fix) {
        return new Finding(Level.MISSING, what, says, Optional.of(fix));
    }

    String text() {
        String word = level.name().toLowerCase(java.util.Locale.ROOT);
        return "%-8s %-11s %s".formatted(word, what, says)
                + fix.map(it -> "%n%-8s %-11s -> %s".formatted("", "", it)).orElse("");
    }
}
