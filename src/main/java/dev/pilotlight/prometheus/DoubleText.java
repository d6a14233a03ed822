package dev.pilotlight.prometheus;

import java.nio.charset.StandardCharsets;

/**
 * Reads the doubles of the Prometheus formats, correctly rounded: decimals with or without an exponent, NaN and Inf in
 * any case. What Java or Go would read besides (a type suffix, hexadecimal, underscores) is not a number here.
 */
final class DoubleText {
    private static final int NONE = -1;

    /** Ten to this power and to all below is exactly a double, as is any integer up to {@link #EXACT_INTEGER}. */
    private static final int EXACT_POWER = 22;

    private static final long EXACT_INTEGER = 1L << 53;

    /** Any integer of so many digits fits in a long. */
    private static final int LONG_DIGITS = 18;

    /** Large enough to overflow or vanish whatever the digits before it, small enough never to overflow an int. */
    private static final int HUGE_EXPONENT = 1_000_000;

    private static final double[] POWERS = new double[EXACT_POWER + 1];

    static {
        for (int power = 0; power <= EXACT_POWER; power++) {
            POWERS[power] = Double.parseDouble("1e" + power);
        }
    }

    private int end;
    /** The exponent last read, as written. */
    private int exponent;

    /** Where the number last read ends, or negative when there was none. */
    int end() {
        return end;
    }

    /** The longest number that begins at {@code from}; what follows it is for the caller to judge. */
    double read(byte[] bytes, int from, int to) {
        int at = from;
        boolean negative = at < to && bytes[at] == '-';
        if (negative || at < to && bytes[at] == '+') {
            at++;
        }
        int firstDigit = at;
        long digits = 0;
        while (at < to && isDigit(bytes[at])) {
            digits = digits * 10 + (bytes[at++] - '0');
        }
        int digitCount = at - firstDigit;
        int exponent = 0;
        if (at < to && bytes[at] == '.') {
            int firstDecimal = ++at;
            while (at < to && isDigit(bytes[at])) {
                digits = digits * 10 + (bytes[at++] - '0');
            }
            exponent = firstDecimal - at;
            digitCount += at - firstDecimal;
        }
        if (digitCount == 0) {
            return special(bytes, from, firstDigit, to);
        }
        if (at < to && (bytes[at] | 0x20) == 'e') {
            at = afterExponent(bytes, at + 1, to);
            if (at == NONE) {
                end = NONE;
                return 0;
            }
            exponent += this.exponent;
        }
        end = at;
        if (digitCount > LONG_DIGITS || digits > EXACT_INTEGER || Math.abs(exponent) > EXACT_POWER) {
            return Double.parseDouble(new String(bytes, from, at - from, StandardCharsets.ISO_8859_1));
        }
        // Both operands are exact, so the one rounding is that of the operation itself.
        double magnitude = exponent < 0 ? digits / POWERS[-exponent] : digits * POWERS[exponent];
        return negative ? -magnitude : magnitude;
    }

    private int afterExponent(byte[] bytes, int from, int to) {
        int at = from;
        boolean negative = at < to && bytes[at] == '-';
        if (negative || at < to && bytes[at] == '+') {
            at++;
        }
        int firstDigit = at;
        int power = 0;
        while (at < to && isDigit(bytes[at])) {
            power = Math.min(HUGE_EXPONENT, power * 10 + (bytes[at++] - '0'));
        }
        exponent = negative ? -power : power;
        return at == firstDigit ? NONE : at;
    }

    private double special(byte[] bytes, int from, int unsigned, int to) {
        if (unsigned == from && spells("nan", bytes, from, to)) {
            return Double.NaN;
        }
        if (spells("infinity", bytes, unsigned, to) || spells("inf", bytes, unsigned, to)) {
            return bytes[from] == '-' ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        end = NONE;
        return 0;
    }

    private boolean spells(String word, byte[] bytes, int from, int to) {
        if (word.length() > to - from) {
            return false;
        }
        for (int i = 0; i < word.length(); i++) {
            if ((bytes[from + i] | 0x20) != word.charAt(i)) {
                return false;
            }
        }
        end = from + word.length();
        return true;
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }
}
