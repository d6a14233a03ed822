package dev.pilotlight.pool.managed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.lifecycle.Phase;
import dev.pilotlight.pool.election.Election;
import dev.pilotlight.pool.election.LeaseView;
import dev.pilotlight.pool.peers.PeerReport;
import dev.pilotlight.pool.plan.NamedPods;
import dev.pilotlight.pool.plan.Plan;
import dev.pilotlight.pool.role.Role;
import dev.pilotlight.pool.role.RolePolicy;
import dev.pilotlight.pool.role.RoleTrack;
import dev.pilotlight.signal.OwnTraffic;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A pool for an hour, quarter second by quarter second, by the very election, planner and roles of the product: traffic rises and
 * falls, and the leader is killed, frozen in mid-write and cut off. What must hold is looked at after every step.
 */
class PoolSimulationTest {
    private static final Instant START = Instant.parse("2026-01-05T10:00:00Z");
    private static final Duration STEP = Duration.ofMillis(250);
    /** Who was put in front of traffic stays there for so long. */
    private static final Duration CALM = Duration.ofSeconds(60);

    private static final int STEPS = 4 * 3600;
    private static final PoolPolicy POLICY = new PoolPolicy(2, 2, 0.7, 0.8, 0.4, Duration.ofSeconds(120));

    private SplittableRandom chance;
    private Instant now = START;

    /** What the API server keeps: each write names the version that it was made over. */
    private Optional<LeaseView> lease = Optional.empty();

    private long leaseVersion;
    private Optional<Plan> plan = Optional.empty();
    private long planVersion;
    private double traffic;

    private final List<Sidecar> pods = new ArrayList<>();
    private final List<String> writers = new ArrayList<>();

    private final class Sidecar {
        final String name;
        final RolePolicy policy;
        Election election;
        int lives;
        Planner planner;
        int term = -1;
        Map<String, PeerReport> heard = new HashMap<>();
        RoleTrack role = RoleTrack.begin(now);
        Optional<Plan> seen = Optional.empty();
        Instant frozenUntil = START;
        Instant cutUntil = START;
        /** A write that was on its way when the process froze. */
        Optional<Runnable> stuck = Optional.empty();

        Instant lookAt = START;
        final List<Instant> flips = new ArrayList<>();

        Sidecar(String name) {
            this.name = name;
            this.policy = new RolePolicy.Managed(name, Duration.ofSeconds(60), Duration.ofSeconds(60));
            restart();
        }

        void restart() {
            election = Election.begin(name + "_" + lives++, now);
            planner = Planner.begin(now);
            term = -1;
            heard = new HashMap<>();
            stuck = Optional.empty();
        }

        boolean runs() {
            return !now.isBefore(frozenUntil);
        }

        boolean reaches() {
            return !now.isBefore(cutUntil);
        }

        boolean isActive() {
            return role.role().filter(Role.Active.class::isInstance).isPresent();
        }

        double load() {
            long active = pods.stream().filter(Sidecar::isActive).count();
            return isActive() ? traffic / Math.max(1, active) : 0;
        }

        void step() {
            if (!runs()) {
                return;
            }
            stuck.ifPresent(Runnable::run);
            stuck = Optional.empty();
            if (reaches()) {
                seen = plan;
            }
            advanceRole();
            elect();
            lead();
        }

        private void advanceRole() {
            boolean was = isActive();
            boolean had = role.role().isPresent();
            role = role.advance(
                    new Phase.Ready(START, ""),
                    EngineTrack.begin(START),
                    OwnTraffic.NONE,
                    true,
                    policy,
                    new RoleTrack.Inputs(seen, NamedPods.State.SERVING, Optional.empty()),
                    now);
            if (had && was != isActive()) {
                assertThat(was
                                && !flips.isEmpty()
                                && Duration.between(flips.getLast(), now).compareTo(CALM) < 0)
                        .as("%s sent away at %s, called at %s", name, now, flips)
                        .isFalse();
                flips.add(now);
            }
        }

        private void elect() {
            switch (election.next(now)) {
                case Election.Act.Wait _ -> {}
                case Election.Act.Read _ -> {
                    if (!reaches()) {
                        election = election.failed(Duration.ofMillis(500), now);
                    } else if (lease.isEmpty()) {
                        write(new Election.Act.Write(Optional.empty(), latest() + 1), leaseVersion);
                    } else {
                        election = election.read(lease.get(), pods.size(), chance.nextDouble(), now);
                        long version = leaseVersion;
                        election.claim(latest(), now).ifPresent(claim -> write(claim, version));
                    }
                }
                case Election.Act.Write renewal -> {
                    if (reaches()) {
                        // Its version is the one of our last write, which nobody has written over while we hold it.
                        write(renewal, lease.equals(renewal.over()) ? leaseVersion : -1);
                    } else {
                        election = election.failed(Duration.ofMillis(500), now);
                    }
                }
            }
        }

        private int latest() {
            return seen.map(Plan::term).orElse(0);
        }

        private void write(Election.Act.Write write, long version) {
            if (version != leaseVersion) {
                election = election.lost(now);
                return;
            }
            leaseVersion++;
            lease = Optional.of(new LeaseView(
                    new JsonObject().put("resourceVersion", Long.toString(leaseVersion)),
                    election.self(),
                    write.term(),
                    Optional.of(now)));
            election = election.won(lease.get(), now);
        }

        private void lead() {
            if (!election.leads(now)) {
                return;
            }
            int held = election.held().orElseThrow().lease().term();
            if (held != term) {
                term = held;
                planner = Planner.begin(now);
                heard = new HashMap<>();
            }
            if (now.isBefore(lookAt)) {
                return;
            }
            lookAt = now.plusSeconds(1);
            for (Sidecar peer : pods) {
                if (peer.runs()) {
                    heard.put(
                            peer.name,
                            new PeerReport(
                                    now,
                                    true,
                                    OptionalDouble.of(peer.load()),
                                    Duration.between(START, now),
                                    peer.role.flippedAt().map(at -> Duration.between(at, now)),
                                    Optional.empty()));
                }
            }
            List<Peer> peers = pods.stream()
                    .map(it -> new Peer(it.name, true, false, Optional.ofNullable(heard.get(it.name))))
                    .toList();
            Optional<Plan> over = seen;
            Planner.Decision decision = planner.look(peers, over, POLICY, now);
            Optional<Planner.Change> due = decision.due(term, over);
            if (due.isEmpty()) {
                planner = decision.next();
                return;
            }
            Planner.Change change = due.get();
            int by = term;
            Runnable write = () -> put(name, by, over, change);
            if (chance.nextInt(4) == 0 && chance.nextInt(3) == 0) {
                // Frozen between deciding and writing.
                frozenUntil = now.plusSeconds(5 + chance.nextInt(60));
                stuck = Optional.of(write);
            } else if (reaches()) {
                write.run();
            }
            planner = decision.next();
        }
    }

    private void put(String holder, int term, Optional<Plan> over, Planner.Change change) {
        boolean isCurrent = over.map(it -> it.metadata().getString("resourceVersion"))
                .orElse("0")
                .equals(Long.toString(planVersion));
        if (!isCurrent) {
            return;
        }
        plan.ifPresent(last -> assertThat(term).as("terms of plans").isGreaterThanOrEqualTo(last.term()));
        plan.filter(last -> last.term() == term)
                .ifPresent(last -> assertThat(holder).as("one leader to a term").isEqualTo(last.holder()));
        planVersion++;
        plan = Optional.of(new Plan(
                new JsonObject().put("resourceVersion", Long.toString(planVersion)),
                over.map(Plan::generation).orElse(0L) + 1,
                term,
                holder,
                pods.size(),
                change.wanted(),
                change.active(),
                change.reason()));
        writers.add(holder);
    }

    static IntStream seeds() {
        return IntStream.range(0, 12);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void holdsWhateverBecomesOfItsLeaders(int seed) {
        chance = new SplittableRandom(seed);
        IntStream.range(0, 6).forEach(i -> pods.add(new Sidecar("pod-" + i)));
        traffic = 1;
        boolean begun = false;
        int leaders = 0;
        for (int step = 0; step < STEPS; step++) {
            now = now.plus(STEP);
            if (chance.nextInt(4 * 200) == 0) {
                traffic = 0.2 + chance.nextDouble() * 4.5;
            }
            if (chance.nextInt(4 * 120) == 0) {
                pods.stream().filter(it -> it.election.leads(now)).findFirst().ifPresent(this::harm);
            }
            pods.forEach(Sidecar::step);

            long leading = pods.stream()
                    .filter(it -> it.runs() && it.election.leads(now))
                    .count();
            assertThat(leading).as("leaders at %s", now).isLessThanOrEqualTo(1);
            leaders += leading > 0 ? 1 : 0;
            long active = pods.stream().filter(Sidecar::isActive).count();
            begun |= active >= POLICY.minActive();
            if (begun) {
                assertThat(active).as("active at %s", now).isGreaterThanOrEqualTo(POLICY.minActive());
            }
        }
        assertThat(begun).isTrue();
        assertThat(leaders).as("steps with a leader").isGreaterThan(STEPS / 2);
        assertThat(writers.size()).as("plans in an hour").isBetween(5, 400);
        assertThat(pods.stream().mapToInt(it -> it.flips.size()).sum())
                .as("role changes in an hour")
                .isGreaterThan(4);
        assertThat(writers.stream().distinct().count()).as("leaders in an hour").isGreaterThan(2);
    }

    private void harm(Sidecar leader) {
        switch (chance.nextInt(3)) {
            case 0 -> leader.restart();
            case 1 -> leader.frozenUntil = now.plusSeconds(5 + chance.nextInt(60));
            default -> leader.cutUntil = now.plusSeconds(5 + chance.nextInt(60));
        }
    }
}
