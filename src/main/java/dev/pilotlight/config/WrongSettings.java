package dev.pilotlight.config;

import java.util.List;

/** Keeps the process from starting; the fixes are in the message. */
public final class WrongSettings extends RuntimeException {
    private static final long serialVersionUID = 1;

    public WrongSettings(List<String> problems) {
        super(message(problems), null, false, false);
    }

    /** All that is wrong, in one message. */
    public static String message(List<String> problems) {
        return "pilotlight did not start: " + problems.size() + (problems.size() == 1 ? " setting is" : " settings are")
                + " wrong\n  - " + String.join("\n  - ", problems)
                + "\nEvery setting is described in docs/configuration.md.";
    }
}
