package dev.pilotlight.lifecycle;

import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.signal.OwnTraffic;
import dev.pilotlight.vllmpod.VllmArguments;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What {@link Judgement} looks at, and the questions that it asks of it.
 *
 * @param ranks how the pod's arguments spread it over servers, where they can be read
 * @param warmedAt when a round of the warm-up was answered last
 * @param staleAfter the age from which a reading counts for nothing
 */
public record Evidence(
        EngineTrack engine,
        Progress progress,
        Rejections rejections,
        Optional<VllmArguments.Ranks> ranks,
        OwnTraffic own,
        Optional<Instant> warmedAt,
        LivenessPolicy policy,
        Duration staleAfter,
        Instant now) {
    /** Short: one garbled page looks the same, and a sound engine is out of service for as long. */
    private static final Duration ALTERNATION_STANDS = Duration.ofSeconds(30);

    boolean isOver(Instant since, Duration allowed) {
        return Duration.between(since, now).compareTo(allowed) >= 0;
    }

    /** The last sign of life since then, whatever {@code /health} says: a counter that moved, a request of ours that was answered. */
    Instant aliveAt(Instant since) {
        return Stream.concat(progress.ranks().values().stream().map(Pulse::movedAt), warmedAt.stream())
                .filter(since::isBefore)
                .max(Comparator.naturalOrder())
                .orElse(since);
    }

    /** The first rank of which that holds, by its name where there are several. */
    Optional<String> rank(BiPredicate<String, Pulse> holds, Function<Pulse, String> sentence) {
        for (Map.Entry<String, Pulse> rank : new TreeMap<>(progress.ranks()).entrySet()) {
            if (holds.test(rank.getKey(), rank.getValue())) {
                String name = progress.ranks().size() > 1 ? "rank " + rank.getKey() : "the engine";
                return Optional.of(name + " is " + sentence.apply(rank.getValue()));
            }
        }
        return Optional.empty();
    }

    /**
     * The first rank of which that holds, if it holds of one at each address: a server that goes on is not restarted for another
     * that does not.
     */
    Optional<String> everywhere(BiPredicate<String, Pulse> holds, Function<Pulse, String> sentence) {
        return rank(holds, sentence).filter(_ -> holdsAtEachAddress(holds));
    }

    private boolean holdsAtEachAddress(BiPredicate<String, Pulse> holds) {
        Map<String, Boolean> byAddress = new HashMap<>();
        progress.ranks()
                .forEach((label, pulse) ->
                        byAddress.merge(address(label), holds.test(label, pulse), Boolean::logicalOr));
        return !byAddress.containsValue(false);
    }

    private String address(String label) {
        return engine.good()
                .flatMap(numbers -> numbers.snapshot().rank(label))
                .map(Rank::address)
                .orElse("");
    }

    /** Several servers behind one URL: what one of them says is no evidence against another. */
    Optional<String> alternation() {
        return engine.identity()
                .alternatesAt()
                .filter(at -> !isOver(at, ALTERNATION_STANDS))
                .map(at -> "several servers answer at pilotlight.engine.url by turns, the last change at " + at
                        + ": it leads to a Service or a load balancer; give the address of the server in this pod,"
                        + " http://127.0.0.1:8000");
    }

    boolean waits(String label) {
        return page(label)
                .filter(rank -> rank.waiting() - rank.deferred() > own.inFlight())
                .isPresent();
    }

    /**
     * Since when it has been known to stand: an engine that nobody asks anything moves nothing, and whether it could is known only from
     * the first request of ours that got no answer. That one is sent after {@code stuck-after}. One that works stands since it began.
     */
    Instant stoodSince(String label, Pulse pulse) {
        boolean works = page(label)
                .filter(rank -> rank.running() + rank.waiting() > own.inFlight())
                .isPresent();
        Instant stands = works ? pulse.standsAtWorkSince() : pulse.movedAt();
        return pulse.lostSince()
                .map(sent -> sent.minus(policy.stuckAfter()))
                .filter(stands::isBefore)
                .orElse(stands);
    }

    boolean runs(String label) {
        return page(label).filter(rank -> rank.running() > 0).isPresent();
    }

    /** A rank on the page, if that was read lately. */
    private Optional<Rank> page(String label) {
        return engine.numbers()
                .filter(numbers -> !isOver(numbers.at(), staleAfter))
                .flatMap(numbers -> numbers.snapshot().rank(label));
    }
}
