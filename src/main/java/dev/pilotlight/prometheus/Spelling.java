package dev.pilotlight.prometheus;

import java.util.Arrays;

/** The bytes, from the first of the name to the closing brace, by which a page spells a series. */
final class Spelling {
    final byte[] text;
    final long hash;
    final Slot slot;
    final int bornOn;
    int seenOn;
    /** The spelling that followed on the last page: the best guess for the next wanted line. */
    Spelling next;

    Spelling(byte[] text, long hash, Slot slot, int bornOn) {
        this.text = text;
        this.hash = hash;
        this.slot = slot;
        this.bornOn = bornOn;
    }

    boolean is(byte[] bytes, int from, int to) {
        return Arrays.equals(text, 0, text.length, bytes, from, to);
    }

    /**
     * Whether the line that begins at {@code from} is plainly this series: the same bytes, one space, and what may be a
     * value. A brace there would mean that a name alone was matched and its labels follow.
     */
    boolean begins(byte[] bytes, int from, int to) {
        int after = from + text.length;
        return after + 1 < to
                && bytes[after] == ' '
                && bytes[after + 1] > ' '
                && bytes[after + 1] != '{'
                && is(bytes, from, after);
    }
}
