package dev.pilotlight.pool.election;

import dev.pilotlight.pool.plan.Metadata;
import dev.pilotlight.range.Range;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoField;
import java.util.Optional;

/**
 * A Lease as Kubernetes' own leader election writes it.
 *
 * @param metadata as it was read, so that a write changes nothing but the spec
 * @param holder who holds it; empty when it was given back
 * @param term how often it has changed hands
 * @param renewed when it says it was renewed, by the holder's clock
 */
public record LeaseView(JsonObject metadata, String holder, int term, Optional<Instant> renewed) {
    /** What clocks may differ by. */
    private static final Duration AHEAD = Duration.ofHours(1);

    /** MicroTime of the API: exactly six digits. */
    private static final DateTimeFormatter MICRO_TIME = new DateTimeFormatterBuilder()
            .appendPattern("yyyy-MM-dd'T'HH:mm:ss")
            .appendFraction(ChronoField.NANO_OF_SECOND, 6, 6, true)
            .appendLiteral('Z')
            .toFormatter()
            .withZone(ZoneOffset.UTC);

    /** Whoever may write it may write anything: what cannot be counts as not said. */
    public static LeaseView of(JsonObject lease) {
        JsonObject spec = lease.getValue("spec") instanceof JsonObject there ? there : new JsonObject();
        return new LeaseView(
                Metadata.of(lease),
                spec.getValue("holderIdentity") instanceof String holder ? holder : "",
                Range.TERM.whole(spec.getValue("leaseTransitions")).orElse(0),
                spec.getValue("renewTime") instanceof String text ? instant(text) : Optional.empty());
    }

    /** What it says that no leader writes; none of that counts, and whoever is elected writes over it. */
    public static Optional<String> oddity(JsonObject lease, Instant now) {
        JsonObject spec = lease.getValue("spec") instanceof JsonObject there ? there : new JsonObject();
        Object term = spec.getValue("leaseTransitions");
        if (term != null && Range.TERM.whole(term).isEmpty()) {
            return Optional.of("its leaseTransitions is no count of leaders");
        }
        return LeaseView.of(lease)
                .renewed()
                .filter(renewed -> renewed.isAfter(now.plus(AHEAD)))
                .map(renewed -> "its renewTime " + renewed + " is far in the future");
    }

    /** Whether it says the same of its holder: what else is written on it is no renewal. */
    public boolean isRenewalOf(LeaseView before) {
        return !holder.equals(before.holder()) || term != before.term() || !renewed.equals(before.renewed());
    }

    private static Optional<Instant> instant(String text) {
        try {
            return Optional.of(Instant.parse(text));
        } catch (DateTimeParseException odd) {
            return Optional.empty();
        }
    }

    /** The object to write, over the one seen; none to create it. */
    public static JsonObject object(
            String name, Optional<LeaseView> over, String holder, int term, Duration duration, Instant now) {
        JsonObject metadata = over.map(LeaseView::metadata).orElse(new JsonObject().put("name", name));
        return new JsonObject()
                .put("apiVersion", "coordination.k8s.io/v1")
                .put("kind", "Lease")
                .put("metadata", metadata.copy())
                .put(
                        "spec",
                        new JsonObject()
                                .put("holderIdentity", holder)
                                .put("leaseDurationSeconds", (int) duration.toSeconds())
                                .put("leaseTransitions", term)
                                .put("renewTime", MICRO_TIME.format(now)));
    }
}
