package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pilotlight.process.Await;
import dev.pilotlight.process.PackagedSidecar;
import dev.pilotlight.process.Said;
import dev.pilotlight.process.WaitsMostly;
import dev.pilotlight.simulator.EngineOptions;
import dev.pilotlight.simulator.SimulatedEngine;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The sidecar in a container that it can write nothing to, as any user, without a capability. */
@WaitsMostly
class ReadOnlyRootIT {
    private static final Duration SOON = Duration.ofMinutes(2);

    /** A folder that nobody can make, not even root. */
    private static final Map<String, String> NO_TEMP_DIR = Map.of("java.io.tmpdir", "/proc/no-such-folder");

    /** Everything read-only, /tmp an empty folder that is so too; then another user without any right. */
    private static final List<String> LIKE_THE_POD = List.of(
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            // A checkout below /tmp would be hidden too; there the read-only root alone has to do.
            "case $PWD in /tmp/*) ;; *) mount -t tmpfs -o ro none /tmp;; esac && mount -o remount,bind,ro / && (! touch /etc/x-pilotlight 2>/dev/null)"
                    + " && exec setpriv --reuid 54321 --regid 54321 --clear-groups --no-new-privs --bounding-set=-all \"$0\" \"$@\"");

    private static void serves(String name, Map<String, String> platform, List<String> around) throws Exception {
        try (SimulatedEngine engine = SimulatedEngine.start(EngineOptions.defaults());
                PackagedSidecar sidecar = PackagedSidecar.beside(
                        engine.uri(), name, Map.of(), PackagedSidecar.freePort(), platform, around)) {
            Await.until("ready", SOON, () -> sidecar.ready().up());
            for (String path : List.of("/", "/index.html")) {
                assertThat(sidecar.get(path).body()).as(path).contains("<title>Pilot Light</title>");
            }
            assertThat(sidecar.get("/metrics").status()).isEqualTo(200);
            assertThat(sidecar.child().log()).noneMatch(line -> line.contains("Exception"));
        }
    }

    @Test
    void servesWhereThereIsNoTempDir() throws Exception {
        serves("no-temp-dir", NO_TEMP_DIR, List.of());
    }

    @Test
    void servesAsAnyUserOnAReadOnlyRoot() throws Exception {
        assumeTrue(
                Said.by(new ProcessBuilder("unshare", "--mount", "true")).code() == 0,
                "a read-only root takes root to make, and util-linux");
        serves("read-only-root", Map.of(), LIKE_THE_POD);
    }
}
