package dev.pilotlight.vllm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.Child;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.Web;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What becomes of the requests at a real vLLM that is told to stop, with the drain before the SIGTERM and without: many rounds, each with
 * a server of its own. {@code -Ddrain.rounds=20} for the table in docs/probes.md.
 */
@Tag("vllm")
class DrainVllmIT {
    private static final int ROUNDS = Integer.getInteger("drain.rounds", 2);
    private static final int AT_ONCE = 12;
    /** Requests that still arrive after the drain began, as long as Services know the pod. */
    private static final int STRAGGLERS = 4;

    private static final int TOKENS = 480;
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration SETTLE = Duration.ofSeconds(5);
    private static final Duration STARTS = Duration.ofMinutes(5);
    /** A pod's usual grace period: what still runs then is killed. */
    private static final Duration GRACE = Duration.ofSeconds(30);

    private static RealVllm next;

    /**
     * @param end from SIGTERM to the end of the API server's process; {@link #GRACE} when it had to be killed
     * @param after from the end of the last request to the drain's answer, or from the end of the least time that a drain takes if that
     *     is later; zero without a drain
     */
    private record Round(int whole, int cut, Duration after, Duration end, boolean killed) {
        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%d whole, %d cut, answer %.2f s after the last, ended %s",
                    whole,
                    cut,
                    after.toMillis() / 1e3,
                    killed ? "never: killed" : String.format(Locale.ROOT, "in %.2f s", end.toMillis() / 1e3));
        }
    }

    @AfterAll
    static void end() {
        if (next != null) {
            next.close();
        }
    }

    /** The next server loads while the one before it is drained: half of a round is a start. */
    private static RealVllm server() {
        RealVllm server = next == null ? launch() : next;
        server.awaitServing();
        next = launch();
        return server;
    }

    private static RealVllm launch() {
        return RealVllm.launch("drain", PackagedSidecar.freePort(), Map.of());
    }

    @Test
    void losesNoRequestWhereTheSignalAloneCutsThem() throws IOException, InterruptedException {
        List<Round> drained = new ArrayList<>();
        List<Round> cut = new ArrayList<>();
        for (int i = 1; i <= ROUNDS; i++) {
            try (RealVllm server = server()) {
                drained.add(drainThenSignal(server, i));
                System.out.printf("vLLM %s, round %d, drain: %s%n", RealVllm.VERSION, i, drained.getLast());
            }
            try (RealVllm server = server()) {
                cut.add(signal(server));
                System.out.printf("vLLM %s, round %d, no drain: %s%n", RealVllm.VERSION, i, cut.getLast());
            }
        }
        tell("with the drain", drained);
        tell("without", cut);
        assertThat(drained)
                .allMatch(round -> round.whole() == AT_ONCE + STRAGGLERS && round.cut() == 0)
                // Half a second for a machine on which two servers and the clients share two cores.
                .allMatch(round -> round.after().compareTo(POLL.plusMillis(500)) <= 0)
                .allMatch(round -> !round.killed() && round.end().compareTo(Duration.ofSeconds(5)) <= 0);
        // Else nothing was in flight, and the drain had nothing to save. (On a busy machine the signal may come after
        // the last token.)
        assertThat(cut.stream().mapToInt(Round::cut).sum()).isGreaterThan(ROUNDS * AT_ONCE / 2);
    }

    private static Round drainThenSignal(RealVllm server, int round) throws IOException, InterruptedException {
        try (PackagedSidecar sidecar = PackagedSidecar.beside(
                server.url(),
                RealVllm.VERSION + "-drain-" + round,
                Map.of("drain.deadline", "240s", "warm-up.max-rounds", "2"))) {
            Await.until("the sidecar is ready", STARTS, () -> sidecar.ready().up());
            Streams streams = busy(server);
            CompletableFuture<Answer> answer = CompletableFuture.supplyAsync(() -> drain(sidecar));
            Await.until("no longer ready", SETTLE, () -> !sidecar.ready().up());
            Streams late = Streams.send(server, STRAGGLERS, TOKENS);
            Answer answered = answer.join();
            long open = streams.open() + late.open();
            Instant signalled = Instant.now();
            Child.signal("TERM", server.child().process().pid());
            boolean ended = server.child().endsWithin(GRACE);
            Duration end = Duration.between(signalled, Instant.now());
            List<Streams.Ending> endings = Stream.of(streams, late)
                    .flatMap(each -> each.endings(GRACE).stream())
                    .toList();
            int whole = (int) endings.stream().filter(Streams.Ending::isWhole).count();
            Instant last = Streams.last(endings);
            assertThat(open).as("requests open when the drain answered").isZero();
            Instant due = last.isAfter(answered.settled()) ? last : answered.settled();
            return new Round(whole, endings.size() - whole, Duration.between(due, answered.at()), end, !ended);
        }
    }

    /** @param settled the end of the least time that the drain takes */
    private record Answer(Instant at, Instant settled) {}

    private static Answer drain(PackagedSidecar sidecar) {
        try {
            Web.Answer answer = Web.drain(sidecar.at("/"), Duration.ofMinutes(5));
            Instant answered = Instant.now();
            if (answer.status() != 200 || !answer.json().getBoolean("drained")) {
                throw new AssertionError("the drain answered " + answer);
            }
            return new Answer(
                    answered, Instant.parse(answer.json().getString("since")).plus(SETTLE));
        } catch (IOException failed) {
            throw new CompletionException(failed);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new CompletionException(stop);
        }
    }

    private static Round signal(RealVllm server) throws InterruptedException {
        // What the warm-up does elsewhere, so that both kinds of server have served.
        Streams.send(server, AT_ONCE, 16).endings(STARTS);
        Streams streams = busy(server);
        Instant signalled = Instant.now();
        Child.signal("TERM", server.child().process().pid());
        boolean ended = server.child().endsWithin(GRACE);
        Duration end = Duration.between(signalled, Instant.now());
        server.child().kill(); // as the kubelet does to what is left; their streams end at the latest now
        List<Streams.Ending> endings = streams.endings(GRACE);
        int whole = (int) endings.stream().filter(Streams.Ending::isWhole).count();
        return new Round(whole, endings.size() - whole, Duration.ZERO, end, !ended);
    }

    /** Streams of which those that have a slot have begun. */
    private static Streams busy(RealVllm server) {
        Streams streams = Streams.send(server, AT_ONCE, TOKENS);
        Await.until("the first tokens came", Duration.ofSeconds(30), () -> streams.begun() >= 4);
        return streams;
    }

    private static void tell(String how, List<Round> rounds) {
        System.out.printf(
                Locale.ROOT,
                "vLLM %s, %s, %d rounds: %d requests whole, %d cut; answer after the last %s; end after SIGTERM %s; killed %d%n",
                RealVllm.VERSION,
                how,
                rounds.size(),
                rounds.stream().mapToInt(Round::whole).sum(),
                rounds.stream().mapToInt(Round::cut).sum(),
                range(rounds.stream().map(Round::after).toList()),
                range(rounds.stream()
                        .filter(round -> !round.killed())
                        .map(Round::end)
                        .toList()),
                rounds.stream().filter(Round::killed).count());
    }

    private static String range(List<Duration> times) {
        double[] sorted = times.stream()
                .mapToDouble(time -> time.toMillis() / 1e3)
                .sorted()
                .toArray();
        return sorted.length == 0
                ? "-"
                : String.format(
                        Locale.ROOT,
                        "%.2f..%.2f s (mean %.2f)",
                        sorted[0],
                        sorted[sorted.length - 1],
                        Arrays.stream(sorted).average().orElseThrow());
    }
}
