package dev.pilotlight.pool.managed;

import dev.pilotlight.pool.peers.PeerReport;
import dev.pilotlight.pool.plan.Plan;
import dev.pilotlight.pool.plan.PlanView;
import dev.pilotlight.signal.Inflow;
import dev.pilotlight.signal.PoolInflow;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Decides which pods of a pool are in front of traffic: peers' reports, the last plan and the time in, the next plan out. What it
 * remembers between two looks is for comfort, not for safety: a new leader begins without.
 *
 * @param since when this leader was elected
 * @param lowSince since when the active pods' load has been low; empty while it is not
 * @param goneSince since when the plan has named pods that are no more; empty while it names none
 * @param inflow what comes to all pods together
 * @param wish how many pods are wanted
 */
public record Planner(
        Instant since, Optional<Instant> lowSince, Optional<Instant> goneSince, PoolInflow inflow, Wish wish) {
    /** Names of pods that are gone harm nobody: taken out with the next change, or together after this. */
    private static final Duration TIDY = Duration.ofSeconds(30);

    /** A change of many pods is said by so many names. */
    private static final int NAMES_SAID = 10;

    public static Planner begin(Instant now) {
        return new Planner(now, Optional.empty(), Optional.empty(), PoolInflow.UNKNOWN, Wish.NONE);
    }

    /**
     * What a look comes to.
     *
     * @param next what to remember
     * @param change the plan to write; empty while the last one stands
     * @param demandPods how many pods a managed pool's traffic wants, standbys included
     */
    public record Decision(Planner next, Optional<Change> change, OptionalDouble demandPods) {
        /**
         * What the leader of this term has to write: a change, or at first the last plan under its own term. From then on the version of
         * the ConfigMap keeps out whatever an earlier leader still has under way. Nothing once a later leader has written.
         */
        Optional<Change> due(int term, Optional<Plan> last) {
            // A plan of the last term there is is not later than a count that has begun again.
            if (last.filter(plan -> plan.term() > term && plan.term() < PlanView.MOST_TERM)
                    .isPresent()) {
                return Optional.empty();
            }
            return change.or(() -> last.filter(plan -> plan.term() != term)
                    .map(plan -> new Change(plan.active(), plan.wanted(), plan.reason())));
        }
    }

    /**
     * The pods to be active, and why.
     *
     * @param wanted how many of them are to serve; more may be named, since one that answers nobody may serve for all that
     */
    public record Change(SortedSet<String> active, int wanted, String reason) {
        public Change {
            active = java.util.Collections.unmodifiableSortedSet(new TreeSet<>(active));
        }
    }

    /** Where every pod is on traffic that was ever ready, and nobody decides that: only the wish is of use. */
    public Decision observe(List<Peer> peers, PoolPolicy policy, Instant now) {
        SortedSet<String> ready = peers.stream()
                .filter(peer -> peer.report().filter(PeerReport::ready).isPresent())
                .map(Peer::name)
                .collect(Collectors.toCollection(TreeSet::new));
        Decision all = look(SortedPool.of(peers, ready, ready.size(), since, now), peers, policy, now);
        return new Decision(all.next(), Optional.empty(), OptionalDouble.empty());
    }

    public Decision look(List<Peer> peers, Optional<Plan> last, PoolPolicy policy, Instant now) {
        SortedSet<String> named = last.map(Plan::active).orElse(new TreeSet<>());
        return look(SortedPool.of(peers, named, last.map(Plan::wanted).orElse(0), since, now), peers, policy, now);
    }

    private Decision look(SortedPool pool, List<Peer> peers, PoolPolicy policy, Instant now) {
        Map<String, Inflow> inflows = PoolInflow.plausible(pool.inflow());
        PoolInflow comes = inflow.advance(inflows);
        OptionalDouble load = pool.meanLoad(comes, inflows);
        OptionalDouble demand = load.isPresent()
                ? OptionalDouble.of(Math.max(
                                policy.minActive(),
                                load.getAsDouble()
                                        * (pool.serving().size()
                                                + pool.unreachable().size())
                                        / policy.targetLoad())
                        + policy.standby())
                : OptionalDouble.empty();
        Optional<Change> change = promotion(pool, load, policy)
                .or(() -> demotion(pool, load, policy, now))
                .or(() -> tidied(pool, now));
        boolean low = load.isPresent() && load.getAsDouble() < policy.demoteAt();
        Planner next = new Planner(
                since,
                change.isPresent() || !low ? Optional.empty() : lowSince.or(() -> Optional.of(now)),
                change.isPresent() || pool.gone().isEmpty() ? Optional.empty() : goneSince.or(() -> Optional.of(now)),
                comes,
                policy.scale()
                        .map(scale -> wish.look(pool.traffic(peers, load), scale, now))
                        .orElse(Wish.NONE));
        return new Decision(next, change, demand);
    }

    /** At once: for the load, for the least that must be there, in the place of a lost pod, and for pods that the pool has too many of. */
    private static Optional<Change> promotion(SortedPool pool, OptionalDouble load, PoolPolicy policy) {
        int serving = pool.serving().size();
        int exist = serving + pool.standbys().size();
        int least = Math.min(policy.minActive(), exist);
        boolean surge = load.isPresent() && load.getAsDouble() > policy.promoteAt();
        int forLoad =
                surge ? Math.max(serving + 1, (int) Math.ceil(load.getAsDouble() * serving / policy.targetLoad())) : 0;
        int urgent = Math.min(Math.max(Math.max(least, pool.wanted()), forLoad), exist) - serving;
        int usual = base(exist, policy) - serving;
        List<KnownPeer> calm =
                pool.standbys().stream().filter(KnownPeer::isCalm).toList();
        List<KnownPeer> promoted =
                urgent >= Math.min(usual, calm.size()) ? warmest(pool.standbys(), urgent) : warmest(calm, usual);
        if (promoted.isEmpty()) {
            return Optional.empty();
        }
        SortedSet<String> active = names(pool.serving());
        active.addAll(names(promoted));
        // A pod that answers nobody here may serve for all that: it stays. One that says it can not is replaced.
        active.addAll(pool.unreachable());
        int missing = pool.wanted() - active.size() + pool.unreachable().size();
        pool.down().stream().limit(Math.max(0, missing)).forEach(active::add);
        String why = forLoad > serving
                ? "the active pods' mean load is %.2f, above %.2f".formatted(load.getAsDouble(), policy.promoteAt())
                : pool.wanted() > serving
                        ? "active pods were lost"
                        : "%d pods are ready and %d are to stand by".formatted(exist, policy.standby());
        return Optional.of(new Change(
                active, Math.max(pool.wanted(), serving + promoted.size()), "promoted " + said(promoted) + ": " + why));
    }

    /** One, in time, and only if what is left stays well under the threshold. */
    private Optional<Change> demotion(SortedPool pool, OptionalDouble load, PoolPolicy policy, Instant now) {
        int serving = pool.serving().size();
        int floor = base(serving + pool.standbys().size(), policy);
        boolean isLow = lowSince.isPresent()
                && Duration.between(lowSince.get(), now).compareTo(policy.demoteAfter()) >= 0
                && load.isPresent()
                && load.getAsDouble() < policy.demoteAt();
        boolean isKnown = pool.serving().stream().allMatch(it -> it.load().isPresent());
        if (!isLow
                || !isKnown
                || serving <= floor
                || !pool.unreachable().isEmpty()
                || load.getAsDouble() * serving / (serving - 1) > policy.room()) {
            return Optional.empty();
        }
        return pool.serving().stream()
                .filter(KnownPeer::isCalm)
                .min(Comparator.comparingDouble((KnownPeer it) -> it.load().getAsDouble())
                        .thenComparing(KnownPeer::readyFor)
                        .thenComparing(KnownPeer::name))
                .map(least -> {
                    SortedSet<String> active = names(pool.serving());
                    active.remove(least.name());
                    active.addAll(pool.down());
                    return new Change(
                            active,
                            serving - 1,
                            "demoted %s: the active pods' mean load was below %.2f for %d s"
                                    .formatted(
                                            least.name(),
                                            policy.demoteAt(),
                                            policy.demoteAfter().toSeconds()));
                });
    }

    private Optional<Change> tidied(SortedPool pool, Instant now) {
        return goneSince
                .filter(then -> Duration.between(then, now).compareTo(TIDY) >= 0)
                .map(_ -> {
                    SortedSet<String> active = names(pool.serving());
                    active.addAll(pool.down());
                    active.addAll(pool.unreachable());
                    return new Change(active, Math.min(pool.wanted(), active.size()), "took out pods that are gone");
                });
    }

    /** How many are in front of traffic when nothing presses: all but the standbys. */
    private static int base(int exist, PoolPolicy policy) {
        return Math.max(Math.min(policy.minActive(), exist), exist - policy.standby());
    }

    /** The longest ready first: its caches have seen the most. One that was called back lately comes last. */
    private static List<KnownPeer> warmest(List<KnownPeer> standbys, int count) {
        return standbys.stream()
                .sorted(Comparator.comparing(KnownPeer::isCalm)
                        .reversed()
                        .thenComparing(Comparator.comparing(KnownPeer::readyFor).reversed())
                        .thenComparing(KnownPeer::name))
                .limit(Math.max(0, count))
                .toList();
    }

    /** For one line of a log. */
    private static String said(List<KnownPeer> pods) {
        String first = names(pods).stream().limit(NAMES_SAID).collect(Collectors.joining(", "));
        return pods.size() <= NAMES_SAID ? first : first + " and " + (pods.size() - NAMES_SAID) + " more";
    }

    private static SortedSet<String> names(List<KnownPeer> pods) {
        return pods.stream().map(KnownPeer::name).collect(Collectors.toCollection(TreeSet::new));
    }
}
