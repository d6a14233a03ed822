package dev.pilotlight.simulator;

import java.util.ArrayList;
import java.util.List;

/** Command line flags, as {@code --name=value} or {@code --name value}. */
record Flags(List<Flag> all) {
    /** One of them; without a value it is a switch. */
    record Flag(String name, String value) {
        double number() {
            return Double.parseDouble(value);
        }

        int integer() {
            try {
                return Integer.parseInt(value);
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(name + " wants a whole number, not '" + value + "'", e);
            }
        }
    }

    static Flags of(String... args) {
        List<Flag> flags = new ArrayList<>();
        for (int i = 0; i < args.length; i++) {
            int equals = args[i].indexOf('=');
            if (!args[i].startsWith("--")) {
                throw new IllegalArgumentException("'" + args[i] + "' is no flag: they begin with --");
            } else if (equals > 0) {
                flags.add(new Flag(args[i].substring(0, equals), args[i].substring(equals + 1)));
            } else if (i + 1 < args.length && !args[i + 1].startsWith("--")) {
                flags.add(new Flag(args[i], args[++i]));
            } else {
                flags.add(new Flag(args[i], ""));
            }
        }
        return new Flags(flags);
    }
}
