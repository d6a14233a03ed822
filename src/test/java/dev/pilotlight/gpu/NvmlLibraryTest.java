package dev.pilotlight.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pilotlight.gpu.nvml.FakeNvml;
import dev.pilotlight.gpu.nvml.NvmlProbe;
import dev.pilotlight.gpu.nvml.Scenes;
import dev.pilotlight.gpu.readings.GpuClaim;
import dev.pilotlight.gpu.readings.GpuReading;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Libraries that others wrote: the one that {@code make test-nvml LIBRARY=...} names, and files that are none. */
class NvmlLibraryTest {
    private static final GpuClaim UNKNOWN = GpuClaim.of(List.of(), Optional.empty());

    @TempDir
    private Path folder;

    private static Optional<FakeNvml> fake() {
        Optional<FakeNvml> built = FakeNvml.current("library");
        assumeTrue(built.isPresent(), "gcc is not here: the fake NVML library cannot be built");
        return built;
    }

    @Nested
    class OneThatLoads {
        private String path() {
            return Optional.ofNullable(System.getProperty("nvml.library"))
                    .filter(given -> !given.isBlank())
                    .orElseGet(() ->
                            fake().orElseThrow().play(Scenes.h100(Scenes.FIRST)).path());
        }

        @Test
        void isReadAgainAndAgainAndSaysWhatCanBe() {
            String path = path();
            NvmlProbe probe = new NvmlProbe(Optional.of(path), UNKNOWN);
            Instant now = Instant.now();
            for (int second = 0; second < 100; second++) {
                GpuReading reading = probe.read(now.plusSeconds(second));
                if (second == 0) {
                    System.out.println(path + ": " + reading);
                }
                assertThat(reading.why()).isNotBlank().doesNotContainPattern("\\p{Cntrl}");
                assertThat(reading).as("it loads").isNotInstanceOf(GpuReading.Absent.class);
                HostileGpuTest.isPossible(reading, path);
                if (second % 20 == 19) {
                    // The next read opens a session of its own.
                    probe.close();
                }
            }
        }
    }

    @Nested
    class OneThatIsNone {
        private String why(Path library) {
            try (NvmlProbe probe = new NvmlProbe(Optional.of(library.toString()), UNKNOWN)) {
                return probe.read(Scenes.NOON).why();
            }
        }

        @Test
        void isATextFile() throws IOException {
            Path text = Files.writeString(folder.resolve("libnvidia-ml.so.1"), "Not a library. ".repeat(20));
            assertThat(why(text)).contains(text + " does not load", "invalid ELF header");
        }

        @Test
        void isEmpty() throws IOException {
            assertThat(why(Files.createFile(folder.resolve("libnvidia-ml.so.1"))))
                    .contains("file too short");
        }

        @Test
        void isADirectory() throws IOException {
            assertThat(why(Files.createDirectory(folder.resolve("libnvidia-ml.so.1"))))
                    .containsIgnoringCase("is a directory");
        }

        @Test
        void isOf32Bit() throws IOException {
            byte[] library = Files.readAllBytes(Path.of(fake().orElseThrow().path()));
            int itsClass = 4;
            library[itsClass] = 1;
            Path other = Files.write(folder.resolve("libnvidia-ml.so.1"), library);
            assertThat(why(other)).contains("wrong ELF class: ELFCLASS32");
        }

        @Test
        void isNotThere() {
            assertThat(why(folder.resolve("libnvidia-ml.so.1")))
                    .contains("does not load; give the sidecar access to the GPU");
        }
    }
}
