package dev.pilotlight.gpu.nvml;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.pilotlight.gpu.readings.GpuClaim;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The stand-in for NVIDIA's library ({@code src/test/c/fake_nvml.c}), compiled with gcc and loaded the same way as the
 * real one; each variant is a library of its own, with its own scene.
 */
public final class FakeNvml {
    /** Each of the JVMs that run tests at a time builds its own. */
    private static final Path FOLDER =
            Path.of("target", "fake-nvml", Long.toString(ProcessHandle.current().pid()));

    private static final Path SOURCES = Path.of("src", "test", "c");
    private static final Map<String, Optional<FakeNvml>> BUILT = new ConcurrentHashMap<>();

    private final Path library;
    private final SymbolLookup symbols;

    @SuppressWarnings("restricted")
    private FakeNvml(Path library) {
        this.library = library.toAbsolutePath();
        this.symbols = SymbolLookup.libraryLookup(this.library, Arena.global());
    }

    /** A library of a driver of today; empty where there is no gcc. */
    public static Optional<FakeNvml> current(String variant) {
        return BUILT.computeIfAbsent(variant, FakeNvml::build);
    }

    /** A library without the functions that a driver of 2021 lacks. */
    public static Optional<FakeNvml> old() {
        return BUILT.computeIfAbsent("old", variant -> build(variant, "-DOLD_DRIVER"));
    }

    /** A library that is no NVML at all. */
    public static Optional<FakeNvml> foreign() {
        return BUILT.computeIfAbsent(
                "foreign", variant -> build(variant, "-DnvmlInit_v2=something_else", "-DnvmlShutdown=another_thing"));
    }

    private static Optional<FakeNvml> build(String variant, String... defines) {
        Path library = FOLDER.resolve("libfake-nvml-" + variant + ".so");
        List<String> command = new ArrayList<>(List.of(
                "gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O2", "-fPIC", "-shared", "-fvisibility=hidden"));
        command.addAll(List.of(defines));
        command.addAll(
                List.of("-o", library.toString(), SOURCES.resolve("fake_nvml.c").toString(), "-lpthread"));
        try {
            Files.createDirectories(FOLDER);
            Process gcc = new ProcessBuilder(command).inheritIO().start();
            if (gcc.waitFor() != 0) {
                throw new AssertionError("gcc failed: " + String.join(" ", command));
            }
            return Optional.of(new FakeNvml(library));
        } catch (IOException noGcc) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /** Plays a scene, in the words of {@code fake_nvml.c}, until the next. */
    public FakeNvml play(String scene) {
        try {
            Path file = Files.createTempFile(FOLDER, "scene", ".txt");
            Files.writeString(file, scene);
            try (Arena arena = Arena.ofConfined()) {
                int code = (int) handle("pilotlight_play", FunctionDescriptor.of(JAVA_INT, ADDRESS))
                        .invoke(arena.allocateFrom(file.toString()));
                if (code != 0) {
                    throw new AssertionError("the fake library cannot read " + file);
                }
            }
            Files.delete(file);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Initialisations and event sets that were not given back. */
    public int open() {
        return number("pilotlight_open");
    }

    /** How often the library was initialised. */
    public int sessions() {
        return number("pilotlight_sessions");
    }

    private int number(String function) {
        try {
            return (int) handle(function, FunctionDescriptor.of(JAVA_INT)).invoke();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    @SuppressWarnings("restricted")
    private MethodHandle handle(String function, FunctionDescriptor shape) {
        return Linker.nativeLinker().downcallHandle(symbols.find(function).orElseThrow(), shape);
    }

    public String path() {
        return library.toString();
    }

    /** A probe whose watch waits briefly, so that closing it takes no time. */
    public NvmlProbe probe(GpuClaim claim) {
        return new NvmlProbe(List.of(path()), claim, Duration.ofMillis(10));
    }
}
