package dev.pilotlight.hostile;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/** Turns a good text into one that its reader did not reckon with: what cannot be, what is of another type, what is cut, long or deep. */
public final class Mutations {
    /** Numbers as text formats write them. */
    public static final List<String> NUMBERS = List.of(
            "NaN",
            "+Inf",
            "-Inf",
            "1e309",
            "-1e309",
            "1e308",
            "-1e308",
            "1.7976931348623157e308",
            "4.9e-324",
            "-1",
            "-0.0",
            "0",
            "1e15",
            "1e16",
            "9007199254740993",
            "9223372036854775807",
            "18446744073709551615",
            "4294967295",
            "2147483648",
            "1e100",
            "nonsense",
            "");

    private static final List<Supplier<Object>> VALUES = List.of(
            () -> null,
            () -> true,
            () -> "text",
            () -> "",
            () -> "2147483647",
            () -> "2099-01-01T00:00:00.000000Z",
            () -> "+1000000000-12-31T23:59:59Z",
            () -> 0,
            () -> -1,
            () -> Integer.MAX_VALUE,
            () -> Integer.MIN_VALUE,
            () -> Long.MAX_VALUE,
            () -> Long.MIN_VALUE,
            () -> 1e308,
            () -> -1e308,
            () -> 4.9e-324,
            () -> 0.5,
            JsonArray::new,
            JsonObject::new,
            () -> new JsonArray()
                    .add(1)
                    .add("two")
                    .add(new JsonObject().put("three", 3))
                    .addNull(),
            () -> new JsonObject().put("a", new JsonArray().add(new JsonArray())),
            () -> deep(200),
            () -> "\u0436\u6f22\ud83d\ude00".repeat(5_000),
            () -> "line one\n2026-11-24T12:00:00.000Z ERROR pilotlight forged\u0000\u001b[31m");

    private Mutations() {}

    private static JsonArray deep(int levels) {
        JsonArray array = new JsonArray();
        for (int i = 0; i < levels; i++) {
            array = new JsonArray().add(array);
        }
        return array;
    }

    /** Some of its values replaced, moved or taken out; now and then its very text is spoilt. */
    public static String json(JsonObject good, Random chance) {
        String text = values(good, chance).encode();
        return chance.nextInt(5) == 0 ? text(text, chance) : text;
    }

    /** Some of its values replaced or taken out. */
    public static JsonObject values(JsonObject good, Random chance) {
        JsonObject spoilt = good.copy();
        for (int i = chance.nextInt(3); i >= 0; i--) {
            spoil(spoilt, chance);
        }
        return spoilt;
    }

    /** Walks down by chance, and puts something else where it stops. */
    private static void spoil(JsonObject from, Random chance) {
        Object at = from;
        while (true) {
            List<String> keys = at instanceof JsonObject object ? new ArrayList<>(object.fieldNames()) : List.of();
            int size = at instanceof JsonArray array ? array.size() : keys.size();
            if (size == 0) {
                return;
            }
            int which = chance.nextInt(size);
            Object below =
                    at instanceof JsonArray array ? array.getValue(which) : ((JsonObject) at).getValue(keys.get(which));
            boolean goesOn = (below instanceof JsonObject || below instanceof JsonArray) && chance.nextInt(4) != 0;
            if (goesOn) {
                at = below;
                continue;
            }
            Object instead = VALUES.get(chance.nextInt(VALUES.size())).get();
            boolean takenOut = chance.nextInt(6) == 0;
            switch (at) {
                case JsonArray array when takenOut -> array.remove(which);
                case JsonArray array -> array.set(which, instead);
                case JsonObject object when takenOut -> object.remove(keys.get(which));
                case JsonObject object -> object.put(keys.get(which), instead);
                default -> throw new AssertionError(at);
            }
            return;
        }
    }

    /** Cut, doubled, with bytes in it that belong to nothing, or something else altogether. */
    public static String text(String good, Random chance) {
        int at = good.isEmpty() ? 0 : chance.nextInt(good.length());
        return switch (chance.nextInt(9)) {
            case 0 -> good.substring(0, at);
            case 1 -> good.substring(at);
            case 2 -> good + good;
            case 3 -> good.substring(0, at) + "\u0000\u00ff\ufffd" + good.substring(at);
            case 4 -> "<!doctype html><title>Sign in to the network</title>";
            case 5 -> "";
            case 6 -> "[".repeat(100_000);
            case 7 -> "{\"a\":".repeat(50_000);
            default -> good.substring(0, at) + NUMBERS.get(chance.nextInt(NUMBERS.size())) + good.substring(at);
        };
    }

    /** The same as bytes, with some of them changed: not all of it is UTF-8 any more. */
    public static byte[] bytes(String good, Random chance) {
        byte[] bytes = good.getBytes(StandardCharsets.UTF_8);
        for (int i = chance.nextInt(4); i > 0 && bytes.length > 0; i--) {
            bytes[chance.nextInt(bytes.length)] = (byte) chance.nextInt(256);
        }
        return bytes;
    }

    /** One to three lines of a metrics page with another value, doubled, shifted, gone, or with a timestamp that cannot be. */
    public static String page(String good, Random chance) {
        List<String> lines = new ArrayList<>(good.lines().toList());
        for (int i = chance.nextInt(3); i >= 0; i--) {
            int at = chance.nextInt(lines.size());
            String line = lines.get(at);
            int blank = line.lastIndexOf(' ');
            if (blank < 0) {
                continue;
            }
            double value = number(line.substring(blank + 1));
            String name = line.substring(0, blank);
            lines.set(
                    at,
                    switch (chance.nextInt(8)) {
                        case 0 -> name + " " + value * 1000;
                        case 1 -> name + " " + (value + 1e12);
                        case 2 -> name + " " + value / 2;
                        case 3 -> line + "\n" + name.replace("engine=\"0\"", "engine=\"1\"") + " 1e308";
                        case 4 -> name + " " + value + " " + NUMBERS.get(chance.nextInt(NUMBERS.size()));
                        case 5 -> "";
                        default -> name + " " + NUMBERS.get(chance.nextInt(NUMBERS.size()));
                    });
        }
        return String.join("\n", lines) + "\n";
    }

    private static double number(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException none) {
            return 0;
        }
    }
}
