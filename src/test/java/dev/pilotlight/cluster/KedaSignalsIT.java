package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.cluster.KedaCluster.Range;
import dev.pilotlight.cluster.PaperPods.PaperPod;
import dev.pilotlight.process.Await;
import dev.pilotlight.process.RawServer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** k8s/autoscaling/keda/without-prometheus by the real KEDA, where what it reads at the pods is not what it should be. */
@Tag("keda")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KedaSignalsIT {
    private static final int WANTED = 6;
    private static final Duration SOON = Duration.ofMinutes(2);
    /** Longer than the scale-in window here, and than two of KEDA's polls. */
    private static final Duration A_WHILE = Duration.ofSeconds(35);

    private ControlPlane plane;
    private LocalAddresses addresses;
    private PaperPods pods;
    private KedaCluster cluster;
    private volatile Says leader = Says.THE_WISH;
    private volatile Says others = Says.NO_WISH;
    private volatile double wish = WANTED;

    /** What a pod answers when it is asked for its signals. */
    private enum Says {
        THE_WISH,
        NO_WISH,
        /** As where the reading is stale. */
        NOT_NOW,
        ANOTHER_PAGE,
        HALF,
        A_WORD,
        NOTHING
    }

    @BeforeAll
    void start() throws IOException {
        addresses = new LocalAddresses();
        plane = ControlPlane.start("keda-signals");
        plane.kubectl("create", "namespace", KedaCluster.NAMESPACE).orFail();
        plane.rights(KedaCluster.NAMESPACE);
        pods = new PaperPods(plane, KedaCluster.NAMESPACE, addresses, this::answer);
        KedaCluster.deploy(plane, WANTED);
        cluster = KedaCluster.start(plane, List::of);
    }

    @AfterAll
    void end() {
        if (cluster != null) {
            cluster.close();
        }
        if (pods != null) {
            pods.close();
            plane.close();
            addresses.close();
        }
    }

    private void answer(PaperPod pod, RawServer.Ask ask, OutputStream out) throws IOException {
        boolean isLeader = pod.name().equals(pods.pods().getFirst().name());
        String type = "application/json";
        switch (isLeader ? leader : others) {
            case THE_WISH -> RawServer.answer(out, 200, type, "{\"load_ratio\":0.8,\"wanted_pods\":" + wish + "}");
            case NO_WISH -> RawServer.answer(out, 200, type, "{\"load_ratio\":0.8}");
            case NOT_NOW -> RawServer.answer(out, 503, type, "{\"reason\":\"the last answer is 12 s old\"}");
            case ANOTHER_PAGE -> RawServer.answer(out, 200, "text/html", "<html>wanted_pods 1, log in</html>");
            case HALF ->
                out.write("HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n{\"load_ratio\":0.8,\"wanted_pods\":1"
                        .getBytes(StandardCharsets.UTF_8));
            case A_WORD -> RawServer.answer(out, 200, type, "{\"load_ratio\":0.8,\"wanted_pods\":\"many\"}");
            case NOTHING -> throw new IOException("the connection ends");
        }
        if ((isLeader ? leader : others) == Says.HALF) {
            throw new IOException("cut");
        }
    }

    @BeforeEach
    void scaled() {
        wish = WANTED;
        leader = Says.THE_WISH;
        others = Says.NO_WISH;
        cluster.folder("autoscaling/keda/without-prometheus")
                .scalingInAfterSeconds(5)
                .apply();
        cluster.awaitFed();
        cluster.awaitFallback(false);
        cluster.awaitReplicas(WANTED);
    }

    @AfterEach
    void removed() {
        cluster.remove();
    }

    @Test
    void asManyAsThePoolsLeaderSays() {
        assertThat(cluster.autoscaler().getSpec().getMetrics())
                .extracting(metric -> metric.getExternal().getMetric().getName())
                .containsExactly("s0-metric-api-wanted_pods");
        wish = 8.2;
        cluster.awaitReplicas(9);
        wish = 3;
        cluster.awaitReplicas(3);
        wish = WANTED;
        cluster.awaitReplicas(WANTED);
    }

    @ParameterizedTest
    @EnumSource(
            value = Says.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"THE_WISH"})
    void noAnswerOfAnyPodTakesNoneAway(Says says) {
        leader = says;
        others = says;
        cluster.awaitFallback(true);
        assertThat(cluster.range(A_WHILE)).isEqualTo(new Range(WANTED, WANTED));
    }

    @Test
    void aBrokenAnswerBesideTheLeadersIsLeftOut() {
        for (Says says : List.of(Says.ANOTHER_PAGE, Says.HALF, Says.NOTHING)) {
            others = says;
            assertThat(cluster.range(Duration.ofSeconds(10))).isEqualTo(new Range(WANTED, WANTED));
            assertThat(cluster.value("s0-metric-api-wanted_pods")).isEqualTo(WANTED);
        }
    }

    /** All pods silent, not ready, and so in no EndpointSlice. */
    @Test
    void aFreezeTakesNoPodAway() {
        pods.pods().forEach(PaperPod::freeze);
        cluster.awaitFallback(true);
        assertThat(cluster.range(A_WHILE)).isEqualTo(new Range(WANTED, WANTED));
        pods.pods().forEach(PaperPod::thaw);
        cluster.awaitFallback(false);
        Await.until("the leader is heard", SOON, () -> cluster.value("s0-metric-api-wanted_pods") == WANTED);
        assertThat(cluster.range(Duration.ofSeconds(10))).isEqualTo(new Range(WANTED, WANTED));
    }
}
