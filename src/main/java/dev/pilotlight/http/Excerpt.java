package dev.pilotlight.http;

import java.nio.charset.StandardCharsets;

/** Text of somebody else's, made fit to be quoted in a log line, a status page or a label: short, and on one line. */
public final class Excerpt {
    /** Characters quoted at most. */
    public static final int LONGEST = 300;

    private static final String HEX = "0123456789abcdef";

    private Excerpt() {}

    /** The start of what a server sent; bytes that are no UTF-8 are shown as U+FFFD. */
    public static String of(byte[] bytes, int length) {
        return of(new String(bytes, 0, Math.min(length, 4 * LONGEST), StandardCharsets.UTF_8), LONGEST);
    }

    public static String of(String text) {
        return of(text, LONGEST);
    }

    /**
     * At most {@code most} characters of the text. A line break becomes a space; what else would move a terminal's cursor, hide text or
     * turn its direction is written as its number.
     */
    public static String of(String text, int most) {
        StringBuilder line = new StringBuilder(Math.min(text.length(), most) + 8);
        for (int at = 0; at < text.length(); ) {
            if (line.length() >= most) {
                return line.append('…').toString();
            }
            int point = text.codePointAt(at);
            at += Character.charCount(point);
            append(line, point);
        }
        return line.toString().strip();
    }

    private static void append(StringBuilder line, int point) {
        switch (Character.getType(point)) {
            case Character.CONTROL -> {
                if (point == '\n' || point == '\r' || point == '\t') {
                    if (!line.isEmpty() && line.charAt(line.length() - 1) != ' ') {
                        line.append(' ');
                    }
                } else {
                    number(line, point);
                }
            }
            case Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED -> number(line, point);
            default -> line.appendCodePoint(point);
        }
    }

    private static void number(StringBuilder line, int point) {
        line.append("\\u");
        for (int shift = point > 0xffff ? 20 : 12; shift >= 0; shift -= 4) {
            line.append(HEX.charAt(point >> shift & 0xf));
        }
    }
}
