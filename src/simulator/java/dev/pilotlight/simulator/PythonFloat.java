package dev.pilotlight.simulator;

import java.math.BigDecimal;

/** Spells a double as Python's prometheus_client does, three-digit exponents ({@code e+010}) included. */
final class PythonFloat {
    private PythonFloat() {}

    static String of(double value) {
        if (value == Double.POSITIVE_INFINITY) {
            return "+Inf";
        }
        if (value == Double.NEGATIVE_INFINITY) {
            return "-Inf";
        }
        if (Double.isNaN(value)) {
            return "NaN";
        }
        String repr = repr(value);
        int dot = repr.indexOf('.');
        return value > 0 && dot > 6 ? goStyle(repr, dot) : repr;
    }

    /** prometheus_client: Go switches to exponents sooner than Python; it writes "e+0" before any number of digits. */
    private static String goStyle(String repr, int dot) {
        String digits = repr.charAt(0) + "." + repr.substring(1, dot) + repr.substring(dot + 1);
        int end = digits.length();
        while (digits.charAt(end - 1) == '0' || digits.charAt(end - 1) == '.') {
            end--;
        }
        return digits.substring(0, end) + "e+0" + (dot - 1);
    }

    /** Java and Python agree on the shortest digits; they differ in when the exponent starts (Python: below 1e-4, from 1e16). */
    private static String repr(double value) {
        double size = Math.abs(value);
        if (size != 0 && (size < 1e-4 || size >= 1e16)) {
            return scientific(value);
        }
        String java = Double.toString(value);
        if (java.indexOf('E') < 0) {
            return java;
        }
        String plain = new BigDecimal(java).toPlainString();
        return plain.indexOf('.') < 0 ? plain + ".0" : plain;
    }

    private static String scientific(double value) {
        BigDecimal digits = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        int exponent = digits.precision() - digits.scale() - 1;
        String mantissa = digits.movePointLeft(exponent).toPlainString();
        String power = Integer.toString(Math.abs(exponent));
        return mantissa + "e" + (exponent < 0 ? "-" : "+") + (power.length() < 2 ? "0" + power : power);
    }
}
