package dev.pilotlight.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A memory cgroup, version 1 or 2, for one process. */
public final class MemoryLimit implements AutoCloseable {
    public static final String WHY_NOT =
            "no memory cgroup can be made here: run it as root where /sys/fs/cgroup is writable";

    private static final Path ROOT = Path.of("/sys/fs/cgroup");

    private final Path folder;
    private final boolean second;

    private MemoryLimit(Path folder, boolean second) {
        this.folder = folder;
        this.second = second;
    }

    /** Empty where it cannot be made. */
    public static Optional<MemoryLimit> of(String name, long bytes) {
        boolean second = Files.exists(ROOT.resolve("cgroup.controllers"));
        Path folder = (second ? ROOT : ROOT.resolve("memory"))
                .resolve(name + "-" + ProcessHandle.current().pid());
        try {
            if (second) {
                Files.writeString(ROOT.resolve("cgroup.subtree_control"), "+memory");
            }
            Files.createDirectory(folder);
            Files.writeString(folder.resolve(second ? "memory.max" : "memory.limit_in_bytes"), Long.toString(bytes));
            return Optional.of(new MemoryLimit(folder, second));
        } catch (IOException denied) {
            folder.toFile().delete();
            return Optional.empty();
        }
    }

    /** The command around a program that puts it there. */
    public List<String> around() {
        return List.of("sh", "-c", "echo $$ > " + folder.resolve("cgroup.procs") + " && exec \"$@\"", "sh");
    }

    public long usedBytes() {
        return number(second ? "memory.current" : "memory.usage_in_bytes");
    }

    /** Since it was made. */
    public long mostBytes() {
        return number(second ? "memory.peak" : "memory.max_usage_in_bytes");
    }

    /** How often the kernel ended a process of it. */
    public long kills() {
        try {
            return Files.readAllLines(folder.resolve(second ? "memory.events" : "memory.oom_control")).stream()
                    .filter(line -> line.startsWith("oom_kill "))
                    .mapToLong(line -> Long.parseLong(line.substring(9)))
                    .sum();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private long number(String file) {
        try {
            return Long.parseLong(Files.readString(folder.resolve(file)).strip());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** After its process has ended. */
    @Override
    public void close() {
        Await.until("the cgroup is empty", java.time.Duration.ofSeconds(20), () -> {
            try {
                return Files.readString(folder.resolve("cgroup.procs")).isBlank();
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        });
        folder.toFile().delete();
    }
}
