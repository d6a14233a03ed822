package dev.pilotlight.signal;

import dev.pilotlight.engine.EngineReading.Answered;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.EngineTrack;
import dev.pilotlight.engine.HealthAnswer;
import dev.pilotlight.replay.Snapshots;
import dev.pilotlight.simulator.Batch;
import dev.pilotlight.simulator.Profile;
import dev.pilotlight.simulator.Request;
import dev.pilotlight.simulator.Sequence;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** The product's meter beside a simulated engine in virtual time: arrivals at random moments, a poll a second. */
final class MeteredEngine {
    static final SignalPolicy KNOWN_BATCH = policy(OptionalInt.of(256));
    static final SignalPolicy UNKNOWN_BATCH = policy(OptionalInt.empty());

    static final SignalPolicy FOUR_SLOTS = policy(OptionalInt.of(4));

    private static final Instant START = Instant.parse("2026-11-24T12:00:00Z");
    private static final long SECOND = 1_000_000_000;

    /** The time from one arrival to the next, over the mean of it: as of many people who know nothing of each other, or as a clock. */
    static final ToDoubleFunction<Random> BY_CHANCE = random -> -Math.log(1 - random.nextDouble());

    static final ToDoubleFunction<Random> EVENLY = _ -> 1;

    private final SignalPolicy policy;
    private final Random random;
    private final ToDoubleFunction<Random> gap;
    private Batch batch;
    private double processStart = 1000;
    private EngineTrack engine = EngineTrack.begin(START);
    private long now;
    private double due;
    private long arrived;
    Page page = Snapshots::of;
    SignalMeter meter = SignalMeter.EMPTY;

    MeteredEngine(Profile profile, SignalPolicy policy, long seed) {
        this(profile, policy, seed, BY_CHANCE);
    }

    MeteredEngine(Profile profile, SignalPolicy policy, long seed, ToDoubleFunction<Random> gap) {
        this.policy = policy;
        this.batch = new Batch(profile);
        this.random = new Random(seed);
        this.gap = gap;
        this.due = gap.applyAsDouble(random);
    }

    static SignalPolicy policy(OptionalInt maxNumSeqs) {
        return new SignalPolicy(
                0.7, maxNumSeqs, Optional.empty(), Optional.empty(), Duration.ofSeconds(60), Optional.empty());
    }

    /** Requests of lengths spread evenly from half to one and a half of the given means. */
    static Function<Random, Request> about(int prompt, int output) {
        return random -> Request.of(spread(prompt, random), spread(output, random));
    }

    private static int spread(int mean, Random random) {
        return Math.max(1, (int) Math.round(mean * (0.5 + random.nextDouble())));
    }

    /** What a second of traffic leaves behind: the signals after its poll. */
    Signals second(double perSecond, Function<Random, Request> requests) {
        long end = now + SECOND;
        double left = 1;
        while (due <= left * perSecond) {
            left -= due / perSecond;
            arrived++;
            batch.submit(requests.apply(random), end - Math.round(left * SECOND));
            due = gap.applyAsDouble(random);
        }
        due -= left * perSecond;
        now = end;
        poll();
        return meter.signals().orElseThrow();
    }

    List<Signals> seconds(int count, double perSecond, Function<Random, Request> requests) {
        List<Signals> seen = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            seen.add(second(perSecond, requests));
        }
        return seen;
    }

    void submit(Request request) {
        batch.submit(request, now);
    }

    /** What came in truth, over what the engine sustains: chance makes it another than was meant. */
    double offeredDuring(int count, double perSecond, Function<Random, Request> requests, List<Signals> seen) {
        long before = arrived;
        seen.addAll(seconds(count, perSecond, requests));
        return (double) (arrived - before) / count;
    }

    /** So many clients, each of which sends the next request when it has its answer. */
    List<Signals> clients(int clients, int count, Request request) {
        List<Signals> seen = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            while (batch.running() + batch.waiting() < clients) {
                batch.submit(request, now);
            }
            seen.add(quietSecond());
        }
        return seen;
    }

    /** A second of so many clients, each of which sends the next request as soon as it has its answer, whoever else sends. */
    Signals closedSecond(int clients, Function<Random, Request> requests) {
        for (int part = 0; part < PARTS; part++) {
            while (!batch.isHung() && batch.running() + batch.waiting() < clients) {
                batch.submit(requests.apply(random), now);
            }
            passPart();
        }
        poll();
        return meter.signals().orElseThrow();
    }

    List<Signals> closed(int clients, int count, Function<Random, Request> requests) {
        List<Signals> seen = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            seen.add(closedSecond(clients, requests));
        }
        return seen;
    }

    /** A second of two kinds of clients, of which the second hang up after {@code patience} seconds. */
    Signals impatientSecond(
            double perSecond, Function<Random, Request> requests, double impatientPerSecond, double patience) {
        for (int part = 0; part < PARTS; part++) {
            sent += perSecond / PARTS;
            sentImpatient += impatientPerSecond / PARTS;
            while (sent >= dueOpen) {
                batch.submit(requests.apply(random), now);
                dueOpen += gap.applyAsDouble(random);
            }
            while (sentImpatient >= dueImpatient) {
                Sequence sequence = batch.submit(requests.apply(random), now);
                hangUps.add(new HangUp(sequence, now + (long) (patience * SECOND)));
                dueImpatient += gap.applyAsDouble(random);
            }
            passPart();
            while (!hangUps.isEmpty() && hangUps.peek().at() <= now) {
                batch.abort(hangUps.poll().sequence(), now);
            }
        }
        poll();
        return meter.signals().orElseThrow();
    }

    private void passPart() {
        now += SECOND / PARTS;
        batch.advanceTo(now);
        lately.addLast(batch.running());
        if (lately.size() > PARTS * MOST_SECONDS) {
            lately.removeFirst();
        }
    }

    /** How many slots were taken in each part of the last seconds, known to the simulator alone. */
    List<Integer> taken(int seconds) {
        List<Integer> all = List.copyOf(lately);
        return all.subList(Math.max(0, all.size() - PARTS * seconds), all.size());
    }

    int running() {
        return batch.running();
    }

    int waiting() {
        return batch.waiting();
    }

    void stall() {
        batch.hang(now);
    }

    void goOn() {
        batch.unhang(now);
    }

    private record HangUp(Sequence sequence, long at) {}

    private static final int PARTS = 50;
    private static final int MOST_SECONDS = 120;
    private final ArrayDeque<HangUp> hangUps = new ArrayDeque<>();
    private final ArrayDeque<Integer> lately = new ArrayDeque<>();
    private double sent;
    private double sentImpatient;
    private double dueOpen = 1;
    private double dueImpatient = 1;

    /** A second in which nobody sends anything. */
    Signals quietSecond() {
        now += SECOND;
        poll();
        return meter.signals().orElseThrow();
    }

    void restart() {
        restart(batch.profile());
    }

    /** With other arguments. */
    void restart(Profile profile) {
        batch = new Batch(profile);
        batch.advanceTo(now);
        processStart++;
    }

    void poll() {
        batch.advanceTo(now);
        engine = engine.advance(new Answered(
                at(),
                page.of(batch, processStart, now / SECOND % 5 == 0),
                new HealthAnswer.Healthy(),
                Optional.empty(),
                "",
                OptionalDouble.empty(),
                Pause.UNKNOWN,
                "whole"));
        meter = meter.advance(
                engine, OwnTraffic.NONE, policy, new Outlook(true, OptionalInt.empty(), Optional.empty()));
    }

    private Instant at() {
        return START.plusNanos(now);
    }

    /** What the product's reader makes of the engine's page. */
    @FunctionalInterface
    interface Page {
        EngineSnapshot of(Batch batch, double processStart, boolean withHistograms);
    }

    /** What an engine does in truth when there is always a queue: requests finished per second, and requests at once. */
    record Truth(double perSecond, double atOnce) {}

    static Truth truth(Profile profile, Function<Random, Request> requests) {
        Batch batch = new Batch(profile);
        Random random = new Random(1);
        long now = 0;
        double before = 0;
        double slots = 0;
        int polls = 0;
        int warm = 600;
        int end = 2400;
        for (int second = 0; second < end; second++) {
            while (batch.waiting() < 20) {
                batch.submit(requests.apply(random), now);
            }
            for (int part = 0; part < 10; part++) {
                now += SECOND / 10;
                batch.advanceTo(now);
                while (batch.waiting() < 20) {
                    batch.submit(requests.apply(random), now);
                }
            }
            if (second == warm) {
                before = batch.tallies().ended();
            }
            if (second > warm) {
                slots += batch.running();
                polls++;
            }
        }
        return new Truth((batch.tallies().ended() - before) / (end - 1 - warm), slots / polls);
    }

    /** Tokens generated per second with always so many requests in flight. */
    static double closedLoop(Profile profile, Function<Random, Request> requests, int clients) {
        Batch batch = new Batch(profile);
        Random random = new Random(1);
        long now = 0;
        double before = 0;
        int warm = 120;
        int end = 600;
        for (int part = 0; part < end * PARTS; part++) {
            while (batch.running() + batch.waiting() < clients) {
                batch.submit(requests.apply(random), now);
            }
            if (part == warm * PARTS) {
                before = batch.tallies().generationTokens();
            }
            now += SECOND / PARTS;
            batch.advanceTo(now);
        }
        return (batch.tallies().generationTokens() - before) / (end - warm);
    }

    static double mean(List<Signals> seen) {
        return seen.stream().mapToDouble(s -> s.load().getAsDouble()).average().orElseThrow();
    }

    static double variation(List<Signals> seen) {
        double mean = mean(seen);
        return Math.sqrt(seen.stream()
                        .mapToDouble(
                                s -> (s.load().getAsDouble() - mean) * (s.load().getAsDouble() - mean))
                        .average()
                        .orElseThrow())
                / mean;
    }
}
