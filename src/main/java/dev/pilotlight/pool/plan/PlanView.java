package dev.pilotlight.pool.plan;

import dev.pilotlight.range.Range;
import io.vertx.core.json.JsonObject;
import java.util.Arrays;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A pool's ConfigMap as the API server shows it. Whoever may write it may write anything into it: a number that no leader can have
 * written makes it no plan.
 *
 * @param metadata to be sent back with the next plan
 * @param immutable nothing can be written into it any more
 * @param plan in it; empty where no leader has written one yet, and where it is refused
 * @param refused why what is in it is no plan
 */
public record PlanView(JsonObject metadata, boolean immutable, Optional<Plan> plan, Optional<String> refused) {
    /** The end of {@link Range#TERM}: a leader a second for 30 years. */
    public static final int MOST_TERM = 1_000_000_000;
    /** What people read; it goes into a log, a line each. */
    private static final int LONGEST_TEXT = 2_000;

    private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?");

    public static PlanView of(JsonObject configMap) {
        JsonObject metadata = Metadata.of(configMap);
        boolean immutable = Boolean.TRUE.equals(configMap.getValue("immutable"));
        JsonObject data = configMap.getValue("data") instanceof JsonObject there ? there : new JsonObject();
        if (data.getValue("generation") == null) {
            return new PlanView(metadata, immutable, Optional.empty(), Optional.empty());
        }
        try {
            return new PlanView(metadata, immutable, Optional.of(plan(metadata, data)), Optional.empty());
        } catch (NumberFormatException edited) {
            return new PlanView(metadata, immutable, Optional.empty(), Optional.of(edited.getMessage()));
        }
    }

    private static Plan plan(JsonObject metadata, JsonObject data) {
        return new Plan(
                metadata,
                number(data, "generation", Range.GENERATION),
                (int) number(data, "term", Range.TERM),
                text(data, "holder"),
                (int) number(data, "pods", Range.PODS),
                (int) number(data, "wanted", Range.PODS),
                names(data),
                text(data, "reason"));
    }

    private static long number(JsonObject data, String key, Range range) {
        Object said = data.getValue(key);
        if (said != null && !(said instanceof String)) {
            throw new NumberFormatException("its " + key + " is no text, which no leader writes");
        }
        String text = said == null ? "0" : (String) said;
        long number = -1;
        try {
            number = Long.parseLong(text);
        } catch (NumberFormatException none) {
            // Said below, as of one out of range.
        }
        if (!range.has(number)) {
            throw new NumberFormatException(
                    "its " + key + " is \"" + printable(text, 40) + "\", which no leader writes");
        }
        return number;
    }

    private static SortedSet<String> names(JsonObject data) {
        return data.getValue("active") instanceof String text
                ? Arrays.stream(text.split("\\s+"))
                        .filter(NAME.asMatchPredicate())
                        .collect(Collectors.toCollection(TreeSet::new))
                : new TreeSet<>();
    }

    private static String text(JsonObject data, String key) {
        return data.getValue(key) instanceof String text ? printable(text, LONGEST_TEXT) : "";
    }

    private static String printable(String text, int longest) {
        String line = text.replaceAll("\\p{Cntrl}", "?");
        return line.length() <= longest ? line : line.substring(0, longest) + "...";
    }
}
