package dev.pilotlight.engine;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineReading.NotYet;
import dev.pilotlight.engine.EngineReading.Unreachable;
import dev.pilotlight.engine.EngineReading.Unreadable;
import dev.pilotlight.http.Cause;
import java.time.Instant;
import java.util.Optional;

/**
 * What the readings so far say of the engine's process: since when it answers, refuses or is ill, and how often it was replaced.
 *
 * @param latest the newest reading
 * @param good the newest reading that held numbers, of this process
 * @param answeredAt when the engine last answered anything
 * @param refusedSince since when nothing listens; empty while something does
 * @param unhealthySince since when {@code /health} says 5xx without a break; empty while it does not
 * @param wasWell whether this process was seen well: {@code /health} was sound, or its page was read
 * @param deadSince since when a process that was well says so in the way that means a core that is gone, and no counter moves; empty
 *     while it does not
 * @param firstSeen when this process was first seen to answer; empty until then
 * @param sawItStart whether this process was watched from before it answered: nothing listened. Silence is none of that
 * @param goneSince when the wait for this process began
 * @param inherited requests that the page counted when a process that was seen to begin first showed it: counters may outlive a
 *     process (PROMETHEUS_MULTIPROC_DIR on a volume)
 * @param restarts processes that took the place of another
 * @param replaced whether the latest reading is the first of a new process
 * @param recounted whether the latest reading's counters do not go on from those before, though the process is the same: they were
 *     cleared, or a rank is no longer listed
 * @param identity which processes have answered
 * @param doubted the newest reading where its numbers cannot follow from those before: believed when the next one goes on from it
 */
public record EngineTrack(
        EngineReading latest,
        Optional<Answered> good,
        Optional<Instant> answeredAt,
        Optional<Instant> refusedSince,
        Optional<Instant> unhealthySince,
        boolean wasWell,
        Optional<Instant> deadSince,
        Optional<Instant> firstSeen,
        boolean sawItStart,
        Instant goneSince,
        double inherited,
        int restarts,
        boolean replaced,
        boolean recounted,
        Identity identity,
        Optional<Answered> doubted) {

    public static EngineTrack begin(Instant now) {
        return new EngineTrack(
                new NotYet(now),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                false,
                Optional.empty(),
                Optional.empty(),
                false,
                now,
                0,
                0,
                false,
                false,
                Identity.NONE,
                Optional.empty());
    }

    public EngineTrack advance(EngineReading reading) {
        if (reading == latest || doubted.filter(it -> it == reading).isPresent()) {
            return replaced || recounted ? seenAgain() : this;
        }
        return switch (reading) {
            case NotYet _ -> this;
            case Answered answered -> answered(answered);
            case Unreadable unreadable -> unreadable(unreadable);
            case Unreachable unreachable -> unreachable(unreachable);
        };
    }

    /** The same reading at a later tick: its news is no news any more. */
    private EngineTrack seenAgain() {
        return new EngineTrack(
                latest,
                good,
                answeredAt,
                refusedSince,
                unhealthySince,
                wasWell,
                deadSince,
                firstSeen,
                sawItStart,
                goneSince,
                inherited,
                restarts,
                false,
                false,
                identity,
                doubted);
    }

    private EngineTrack answered(Answered answered) {
        Optional<String> doubt = good.flatMap(before -> doubt(before, answered));
        boolean goesOn = doubted.filter(
                        first -> Continuity.broken(first, answered).isEmpty())
                .isPresent();
        if (doubt.isPresent() && !goesOn) {
            return doubting(answered, doubt.get());
        }
        boolean isNew = good.map(before -> isReplacement(before.snapshot(), answered.snapshot()))
                .orElse(cameBackUnproved());
        return replies(
                answered,
                answered.health(),
                Optional.of(answered),
                new News(isNew, doubt.isPresent() && !isNew),
                Optional.empty());
    }

    /** Why these numbers cannot be the next ones of the process that gave the last; empty where they can, or are another's. */
    private Optional<String> doubt(Answered before, Answered after) {
        return isReplacement(before.snapshot(), after.snapshot())
                ? Continuity.future(after)
                : Continuity.broken(before, after);
    }

    /** As good as no numbers. */
    private EngineTrack doubting(Answered answered, String why) {
        Unreadable unbelieved = new Unreadable(
                answered.at(),
                answered.health(),
                answered.model(),
                answered.pause(),
                "its metrics page is not believed: " + why);
        return replies(unbelieved, answered.health(), good, News.NONE, Optional.of(answered));
    }

    /** Another process, as far as can be told: then the numbers of the old one are no measure for those to come. */
    private EngineTrack unreadable(Unreadable unreadable) {
        boolean isNew = cameBackUnproved();
        return replies(
                unreadable,
                unreadable.health(),
                isNew ? Optional.empty() : good,
                new News(isNew, false),
                Optional.empty());
    }

    /**
     * Counters that fell mean a new process, and so does a refusal in between, unless the page says that it began when the old one did.
     * A start that moved alone means none where counters go on: the clock was set, or a gateway says its own.
     */
    private boolean isReplacement(EngineSnapshot before, EngineSnapshot after) {
        return !after.hasTheStartOf(before)
                && (refusedSince.isPresent()
                        || after.countsBackFrom(before)
                        || after.hasAnotherStartThan(before) && !Continuity.isSeen(before, after));
    }

    /** It answered, then refused, and now answers without numbers to compare. */
    private boolean cameBackUnproved() {
        return refusedSince.isPresent() && firstSeen.isPresent();
    }

    /** What a reading says of the process. */
    private record News(boolean isNew, boolean isRecounted) {
        static final News NONE = new News(false, false);
    }

    private EngineTrack replies(
            EngineReading reading,
            HealthAnswer health,
            Optional<Answered> numbers,
            News news,
            Optional<Answered> doubtedNow) {
        boolean isNew = news.isNew();
        boolean first = firstSeen.isEmpty() || isNew;
        Optional<Instant> ill =
                switch (health) {
                    case HealthAnswer.Healthy _, HealthAnswer.Held _, HealthAnswer.Partly _ -> Optional.empty();
                    case HealthAnswer.Unhealthy unhealthy when unhealthy.status() < 500 -> Optional.empty();
                    case HealthAnswer.Unhealthy _ -> unhealthySince.or(() -> Optional.of(reading.at()));
                    case HealthAnswer.NoAnswer _ -> unhealthySince;
                };
        boolean isWell = !first && wasWell || health instanceof HealthAnswer.Healthy || reading instanceof Answered;
        Optional<Instant> dead =
                switch (health) {
                    case HealthAnswer.Healthy _, HealthAnswer.Held _, HealthAnswer.Partly _ -> Optional.empty();
                    case HealthAnswer.Unhealthy unhealthy ->
                        unhealthy.isDead() && isWell && stands(reading)
                                ? deadSince.or(() -> Optional.of(reading.at()))
                                : Optional.empty();
                    case HealthAnswer.NoAnswer _ -> deadSince;
                };
        boolean watched = refusedSince.isPresent();
        return new EngineTrack(
                reading,
                numbers,
                Optional.of(reading.at()),
                Optional.empty(),
                ill,
                isWell,
                dead,
                first ? Optional.of(reading.at()) : firstSeen,
                first ? watched : sawItStart,
                first && !watched ? reading.at() : goneSince,
                inherited(numbers, isNew),
                isNew ? restarts + 1 : restarts,
                isNew,
                news.isRecounted(),
                identity.advance(
                        numbers.filter(it -> it == reading), isNew, isNew && refusedSince.isEmpty(), reading.at()),
                doubtedNow);
    }

    private EngineTrack unreachable(Unreachable reading) {
        boolean refused = reading.cause() == Cause.REFUSED;
        return new EngineTrack(
                reading,
                good,
                answeredAt,
                refused ? refusedSince.or(() -> Optional.of(reading.at())) : refusedSince,
                refused ? Optional.empty() : unhealthySince,
                wasWell && !refused,
                refused ? Optional.empty() : deadSince,
                firstSeen,
                sawItStart,
                refused && refusedSince.isEmpty() && firstSeen.isPresent() ? reading.at() : goneSince,
                inherited,
                restarts,
                false,
                false,
                identity,
                Optional.empty());
    }

    /**
     * Whether it is seen to stand, and not on request. The API server of a core that is gone shows its page to the end; where
     * there is none, the answer may be a gateway's. No core that is gone moves a counter.
     */
    private boolean stands(EngineReading reading) {
        return reading instanceof Answered answered
                && answered.order().isEmpty()
                && good.filter(before -> Continuity.moved(before, answered)).isEmpty();
    }

    /** What the counters of a process that was seen to begin stood at when they were first read: none of that can be its own for sure. */
    private double inherited(Optional<Answered> numbers, boolean isNew) {
        boolean isFirstPage = numbers.isPresent() && (isNew || good.isEmpty());
        boolean begins = isNew || restarts > 0 || firstSeen.isEmpty() && refusedSince.isPresent();
        return isFirstPage ? begins ? numbers.get().snapshot().successes().orElse(0) : 0 : inherited;
    }

    /** Whether the process that answers now was seen to begin: nothing listened before it, or it took the place of another. */
    public boolean wasSeenToBegin() {
        return restarts > 0 || sawItStart;
    }

    /** The numbers to go by: those of the process that answers now, and none while nothing listens. */
    public Optional<Answered> numbers() {
        return refusedSince.isPresent() ? Optional.empty() : good;
    }
}
