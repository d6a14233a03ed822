package dev.pilotlight.prometheus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every double read is the one that Java's own, exact reader gives. */
class DoubleTextTest {
    private static final int SPELLINGS = 1_000_000;

    private final DoubleText number = new DoubleText();

    @Nested
    class ASpelling {
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "9007199254740991",
                    "9007199254740992",
                    "9007199254740993",
                    "9007199254740993.0",
                    "1e22",
                    "1e23",
                    "9007199254740992e22",
                    "123456789012345678",
                    "999999999999999999",
                    "9999999999999999999",
                    "18446744073709551616",
                    "0.1",
                    "0.3",
                    "2.2250738585072011e-308",
                    "2.2250738585072014e-308",
                    "4.9e-324",
                    "2.4703282292062327e-324",
                    "2.4703282292062328e-324",
                    "1.7976931348623157e308",
                    "1.7976931348623159e308",
                    "0e999999999999",
                    "-0e-5",
                    "1e-999999999999",
                    "1e2147483648",
                    "0.000000000000000000000000000000000000001e39",
                    "00000000000000000000000000000001",
                    "1.00000000000000011102230246251565404236316680908203125",
                    "1.00000000000000011102230246251565404236316680908203124",
                    "1.00000000000000011102230246251565404236316680908203126"
                })
        void isRoundedCorrectly(String text) {
            assertThat(read(text)).isEqualTo(Double.parseDouble(text));
            assertThat(number.end()).isEqualTo(text.length());
        }

        @Test
        void isRoundedCorrectlyWhateverItIs() {
            long seed = System.nanoTime();
            Random random = new Random(seed);
            for (int i = 0; i < SPELLINGS; i++) {
                String text = spelling(random);
                double expected = Double.parseDouble(text);
                double read = read(text);
                if (Double.doubleToRawLongBits(read) != Double.doubleToRawLongBits(expected)
                        || number.end() != text.length()) {
                    fail("seed %d: %s is %s, was read as %s".formatted(seed, text, expected, read));
                }
            }
        }

        @Test
        void endsWhereItsLastCharacterDoes() {
            byte[] text = "x1.5e3}".getBytes(StandardCharsets.ISO_8859_1);

            assertThat(number.read(text, 1, text.length)).isEqualTo(1500);
            assertThat(number.end()).isEqualTo(6);
            assertThat(number.read(text, 1, 4)).isEqualTo(1.5);
            assertThat(number.end()).isEqualTo(4);
        }
    }

    private double read(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        return number.read(bytes, 0, bytes.length);
    }

    private static String spelling(Random random) {
        return switch (random.nextInt(6)) {
            case 0 -> Double.toString(Double.longBitsToDouble(random.nextLong() & 0xBFEF_FFFF_FFFF_FFFFL));
            case 1 -> Double.toString(random.nextInt(1_000_000) / 1000.0);
            case 2 -> (random.nextInt(100_000) - 50_000) + ".0";
            case 3 -> "%.17e".formatted(random.nextGaussian() * Math.pow(10, random.nextInt(40) - 20));
            case 4 -> digits(random, 1 + random.nextInt(25)) + "." + digits(random, random.nextInt(25));
            default ->
                (random.nextBoolean() ? "-" : "+") + digits(random, 1 + random.nextInt(19)) + "e"
                        + (random.nextInt(80) - 40);
        };
    }

    private static String digits(Random random, int count) {
        StringBuilder digits = new StringBuilder();
        for (int i = 0; i < count; i++) {
            digits.append((char) ('0' + random.nextInt(10)));
        }
        return digits.toString();
    }
}
