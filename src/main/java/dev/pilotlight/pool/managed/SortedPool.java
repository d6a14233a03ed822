package dev.pilotlight.pool.managed;

import dev.pilotlight.pool.peers.PeerReport;
import dev.pilotlight.signal.Inflow;
import dev.pilotlight.signal.PoolInflow;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The pool, sorted by what each pod is good for.
 *
 * @param wanted how many the last plan wanted to serve
 * @param serving named active, and ready
 * @param down named active, and says that it is not ready
 * @param unreachable named active, and says nothing
 * @param gone named active, and deleted or about to be
 * @param standbys ready, and not named
 */
record SortedPool(
        int wanted,
        List<KnownPeer> serving,
        List<String> down,
        List<String> unreachable,
        List<String> gone,
        List<KnownPeer> standbys) {
    /** Three looks missed: a pod that answers nobody for that long is replaced, though it stays named as long as it exists. */
    private static final Duration LOST = Duration.ofSeconds(3);
    /** Outside a surge no pod's role changes twice within this. */
    private static final Duration CALM = Duration.ofSeconds(60);
    /** Higher than this no load is believed before the pods themselves say it. */
    private static final double MOST_UNSEEN = 3;
    /** One pod counts for so many full ones at most: whatever it says, the plan is not made by it alone. */
    private static final double MOST_OF_ONE = 10;

    static SortedPool of(List<Peer> peers, SortedSet<String> named, int wanted, Instant since, Instant now) {
        Map<String, Peer> there = new TreeMap<>();
        peers.stream().filter(peer -> !peer.terminating()).forEach(peer -> there.put(peer.name(), peer));
        SortedPool pool = new SortedPool(
                wanted, new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        Stream.concat(named.stream(), there.keySet().stream())
                .distinct()
                .forEach(
                        name -> pool.put(name, Optional.ofNullable(there.get(name)), named.contains(name), since, now));
        return pool;
    }

    private void put(String name, Optional<Peer> there, boolean isNamed, Instant since, Instant now) {
        Optional<PeerReport> report = there.flatMap(Peer::report);
        Instant heard = report.map(PeerReport::at).orElse(since);
        boolean isFresh = Duration.between(heard, now).compareTo(LOST) < 0;
        if (there.isEmpty()) {
            gone.add(name);
        } else if (report.isEmpty() || !isFresh) {
            if (isNamed && isFresh) {
                // A leader just elected has not heard it yet.
                serving.add(new KnownPeer(
                        name, OptionalDouble.empty(), Optional.empty(), Optional.empty(), Duration.ZERO, false));
            } else if (isNamed) {
                unreachable.add(name);
            }
        } else if (!report.get().ready()) {
            if (isNamed) {
                down.add(name);
            }
        } else {
            (isNamed ? serving : standbys).add(seen(name, report.get()));
        }
    }

    private static KnownPeer seen(String name, PeerReport report) {
        boolean isCalm =
                report.flippedAgo().map(ago -> ago.compareTo(CALM) >= 0).orElse(true);
        return new KnownPeer(name, load(report.load()), report.coldStart(), report.inflow(), report.readyFor(), isCalm);
    }

    private static OptionalDouble load(OptionalDouble said) {
        return said.isPresent() && said.getAsDouble() >= 0
                ? OptionalDouble.of(Math.min(said.getAsDouble(), MOST_OF_ONE))
                : OptionalDouble.empty();
    }

    /** Of all that answer, standbys too: what came to a pod before its role changed did come. */
    Map<String, Inflow> inflow() {
        return Stream.concat(serving.stream(), standbys.stream())
                .filter(it -> it.inflow().isPresent())
                .collect(Collectors.toMap(KnownPeer::name, it -> it.inflow().get()));
    }

    Wish.Traffic traffic(List<Peer> peers, OptionalDouble load) {
        return new Wish.Traffic(
                (int) peers.stream().filter(peer -> !peer.terminating()).count(),
                serving.size() + unreachable.size(),
                (int) serving.stream().filter(it -> it.load().isPresent()).count(),
                (int) peers.stream()
                        .filter(peer -> peer.running()
                                && !peer.terminating()
                                && peer.report().isEmpty()
                                && !unreachable.contains(peer.name()))
                        .count(),
                load,
                coldStart());
    }

    /** The median of those that were watched; the longer one of two. */
    private Optional<Duration> coldStart() {
        List<Duration> took = Stream.concat(serving.stream(), standbys.stream())
                .flatMap(it -> it.coldStart().stream())
                .sorted()
                .toList();
        return took.isEmpty() ? Optional.empty() : Optional.of(took.get(took.size() / 2));
    }

    /** Of the active pods that say theirs; a surge is added as soon as the pool together shows it. */
    OptionalDouble meanLoad(PoolInflow comes, Map<String, Inflow> inflows) {
        OptionalDouble mean = serving.stream()
                .filter(it -> it.load().isPresent())
                .mapToDouble(it -> it.load().getAsDouble())
                .average();
        boolean allCount = serving.stream().allMatch(it -> inflows.containsKey(it.name()));
        if (mean.isEmpty() || !allCount) {
            return mean;
        }
        double unseen =
                comes.unseen(serving.stream().map(it -> inflows.get(it.name())).toList());
        return OptionalDouble.of(Math.max(mean.getAsDouble(), Math.min(MOST_UNSEEN, mean.getAsDouble() + unseen)));
    }
}
