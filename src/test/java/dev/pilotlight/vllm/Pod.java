package dev.pilotlight.vllm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.PackagedSidecar;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A real vLLM, the packaged sidecar beside it, and a diary of what the kubelet would have seen. */
final class Pod implements AutoCloseable {
    /** For polls, and for a machine that does other things too. */
    static final Duration SLACK = Duration.ofSeconds(6);
    /** Shorter than the five minutes that it is unless set. */
    private static final Duration LONGEST_STEP = Duration.ofSeconds(30);

    static final Duration LOADING = Duration.ofMinutes(6);

    final RealVllm server;
    final PackagedSidecar sidecar;
    final Diary diary;

    private final String name;

    private Pod(String name, RealVllm server, PackagedSidecar sidecar) {
        this.name = name;
        this.server = server;
        this.sidecar = sidecar;
        this.diary = new Diary(sidecar);
    }

    static Pod launch(
            String name,
            String rootPath,
            Map<String, String> environment,
            List<String> arguments,
            Map<String, String> settings) {
        RealVllm server =
                RealVllm.launch(name, PackagedSidecar.freePort(), environment, arguments.toArray(String[]::new));
        URI url = URI.create(server.url() + rootPath);
        Map<String, String> all = new HashMap<>(settings);
        all.putIfAbsent("liveness.longest-step", LONGEST_STEP.toSeconds() + "s");
        all.putIfAbsent("liveness.stuck-after", LONGEST_STEP.toSeconds() + "s");
        return new Pod(name, server, PackagedSidecar.beside(url, RealVllm.VERSION + "-" + name, all));
    }

    void awaitReady() {
        server.awaitServing();
        Await.until("the sidecar is ready", LOADING, () -> sidecar.ready().up());
    }

    /** Not ready for the first time between these two after that instant, and down once the longest step is over. */
    void isStuckBetween(Instant stopped, Duration earliest, Duration latest, String why) {
        Diary.Entry off = diary.awaitSince(stopped, "not ready", latest.plus(SLACK), entry -> !entry.ready()
                .up());
        Duration offAfter = Duration.between(stopped, off.at());
        say(
                "not ready %.1f s after the stop: %s",
                offAfter.toMillis() / 1e3, off.ready().reason());
        assertThat(off.engineLive().up()).as("it may be at a long step").isTrue();
        assertThat(off.ready().reason()).contains("stuck or at a long step", why);
        assertThat(offAfter).isBetween(earliest, latest.plus(SLACK));

        Duration longest = LONGEST_STEP.plus(latest);
        Diary.Entry down = diary.awaitSince(stopped, "down", longest.plus(SLACK), entry -> !entry.engineLive()
                .up());
        Duration after = Duration.between(stopped, down.at());
        say(
                "down %.1f s after the stop: %s",
                after.toMillis() / 1e3, down.engineLive().reason());
        assertThat(down.engineLive().reason()).contains("stuck: nothing moved");
        assertThat(down.ready().up()).isFalse();
        assertThat(after).isBetween(LONGEST_STEP.minusSeconds(10), longest.plus(SLACK));
    }

    void isBackSoon() {
        Await.until("up again", SLACK, () -> sidecar.engineLive().up());
        Await.until("ready again", SLACK, () -> sidecar.ready().up());
    }

    void say(String format, Object... values) {
        System.out.printf(
                java.util.Locale.ROOT,
                "vLLM %s, %s: %s%n",
                RealVllm.VERSION,
                name,
                String.format(java.util.Locale.ROOT, format, values));
    }

    @Override
    public void close() {
        diary.close();
        sidecar.close();
        server.close();
    }
}
