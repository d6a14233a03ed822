package dev.pilotlight.config;

import java.util.Locale;

/** One setting: what it is called, what it may be, and whether its value may be shown. */
public record Setting(String name, Kind kind, boolean secret) {
    static Setting of(String name, Kind kind) {
        return new Setting("pilotlight." + name, kind, false);
    }

    static Setting secret(String name, Kind kind) {
        return new Setting("pilotlight." + name, kind, true);
    }

    /** The environment variable that sets it. */
    public String variable() {
        return variable(name);
    }

    static String variable(String name) {
        return name.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
    }

    /** The values that are allowed, in words. */
    public String allowed() {
        return kind.allowed();
    }
}
