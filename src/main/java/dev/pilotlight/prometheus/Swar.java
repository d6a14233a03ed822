package dev.pilotlight.prometheus;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Bytes eight at a time, in one long: the first byte is the lowest. */
final class Swar {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final long ONES = 0x0101010101010101L;
    private static final long HIGHS = ONES << 7;
    private static final long NEWLINES = ONES * '\n';

    private Swar() {}

    /** The eight bytes from {@code at} on, with zeros for those past the end of the array. */
    static long word(byte[] bytes, int at) {
        return at <= bytes.length - Long.BYTES ? (long) LONGS.get(bytes, at) : lastWord(bytes, at);
    }

    /** The first newline in {@code [from, to)}, or -1. */
    static int newline(byte[] bytes, int from, int to) {
        int at = from;
        for (; at <= to - Long.BYTES; at += Long.BYTES) {
            long zeroed = (long) LONGS.get(bytes, at) ^ NEWLINES;
            long hits = (zeroed - ONES) & ~zeroed & HIGHS;
            if (hits != 0) {
                return at + first(hits);
            }
        }
        for (; at < to; at++) {
            if (bytes[at] == '\n') {
                return at;
            }
        }
        return -1;
    }

    /**
     * Marks the bytes that end a metric name: all below {@code '0'} and above {@code 'z'}. A few others that no name may
     * hold lie between those two; a run with one of them equals no wanted name, which is all that is asked of it. Only
     * the lowest mark is to be trusted: borrows and carries run upwards.
     */
    static long nameEnds(long word) {
        return ((word - ONES * '0') | (word + ONES * (0x7f - 'z')) | word) & HIGHS;
    }

    /** The index of the byte that holds the lowest mark. */
    static int first(long marks) {
        return Long.numberOfTrailingZeros(marks) >>> 3;
    }

    /** The word with all but its first {@code count} bytes (fewer than eight) cleared. */
    static long head(long word, int count) {
        return word & ((1L << (count << 3)) - 1);
    }

    /** One step of the hash of a run of bytes. */
    static long mix(long hash, long word) {
        long product = (hash ^ word) * 0x9E3779B97F4A7C15L;
        return product ^ (product >>> 32);
    }

    /** The hash of {@code [from, to)}. */
    static long hash(byte[] bytes, int from, int to) {
        long hash = 0;
        int at = from;
        for (; at <= to - Long.BYTES; at += Long.BYTES) {
            hash = mix(hash, word(bytes, at));
        }
        return at == to ? hash : mix(hash, head(word(bytes, at), to - at));
    }

    private static long lastWord(byte[] bytes, int at) {
        long word = 0;
        for (int i = bytes.length - 1; i >= at; i--) {
            word = word << 8 | bytes[i] & 0xff;
        }
        return word;
    }
}
