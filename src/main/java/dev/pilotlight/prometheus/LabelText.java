package dev.pilotlight.prometheus;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads the labels between the braces: {@code a="b",c="d"}, with blanks anywhere and a last comma allowed. */
final class LabelText {
    private final byte[] bytes;
    private final int end;
    private int at;

    private LabelText(byte[] bytes, int from, int end) {
        this.bytes = bytes;
        this.at = from;
        this.end = end;
    }

    /** The index of the brace that closes the labels begun before {@code from}, or -1. */
    static int close(byte[] bytes, int from, int to) {
        boolean quoted = false;
        for (int i = from; i < to; i++) {
            byte b = bytes[i];
            if (b == '"') {
                quoted = !quoted;
            } else if (quoted && b == '\\') {
                i++;
            } else if (!quoted && b == '}') {
                return i;
            }
        }
        return -1;
    }

    /** The labels in {@code [from, end)}, or null when they are not well formed. */
    static SortedMap<String, String> read(byte[] bytes, int from, int end) {
        return new LabelText(bytes, from, end).labels();
    }

    private SortedMap<String, String> labels() {
        SortedMap<String, String> labels = new TreeMap<>();
        skipBlanks();
        while (at < end) {
            String name = is('"') ? quoted() : bareName();
            if (name == null || name.isEmpty() || !take('=')) {
                return null;
            }
            skipBlanks();
            String value = is('"') ? quoted() : null;
            if (value == null || labels.putIfAbsent(name, value) != null) {
                return null;
            }
            if (!take(',') && at < end) {
                return null;
            }
            skipBlanks();
        }
        return labels;
    }

    private String bareName() {
        int from = at;
        while (at < end && isNameByte(bytes[at], at == from)) {
            at++;
        }
        return new String(bytes, from, at - from, StandardCharsets.ISO_8859_1);
    }

    private String quoted() {
        int from = ++at;
        while (at < end && bytes[at] != '"' && bytes[at] != '\\') {
            at++;
        }
        if (at < end && bytes[at] == '\\') {
            return escaped(from);
        }
        return at < end ? new String(bytes, from, at++ - from, StandardCharsets.UTF_8) : null;
    }

    /** Only these three escapes exist; a backslash before anything else stands for itself. */
    private String escaped(int from) {
        ByteArrayOutputStream text = new ByteArrayOutputStream(end - from);
        for (at = from; at < end && bytes[at] != '"'; at++) {
            if (bytes[at] != '\\' || at + 1 == end) {
                text.write(bytes[at]);
                continue;
            }
            switch (bytes[++at]) {
                case 'n' -> text.write('\n');
                case '"', '\\' -> text.write(bytes[at]);
                default -> {
                    text.write('\\');
                    text.write(bytes[at]);
                }
            }
        }
        return at++ < end ? text.toString(StandardCharsets.UTF_8) : null;
    }

    private boolean is(char expected) {
        return at < end && bytes[at] == expected;
    }

    private boolean take(char expected) {
        skipBlanks();
        boolean taken = is(expected);
        if (taken) {
            at++;
        }
        return taken;
    }

    private void skipBlanks() {
        while (is(' ') || is('\t')) {
            at++;
        }
    }

    private static boolean isNameByte(byte b, boolean first) {
        return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' || b == ':' || !first && b >= '0' && b <= '9';
    }
}
