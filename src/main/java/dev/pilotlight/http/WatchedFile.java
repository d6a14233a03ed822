package dev.pilotlight.http;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.Optional;

/** A small file that somebody may replace while we run, as a mounted secret is. */
final class WatchedFile {
    private static final int LONGEST = 1 << 20;

    private final Path path;
    private Optional<Stamp> stamp = Optional.empty();
    private byte[] content = new byte[0];

    WatchedFile(Path path) {
        this.path = path;
    }

    /** A mounted secret is replaced by turning a symbolic link: another file then stands behind the name. */
    private record Stamp(FileTime modified, long size, Object file) {}

    /** Reads the file where its stamp is another than at the last call; whether the content is another, too. */
    boolean look() throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
        Stamp now = new Stamp(
                attributes.lastModifiedTime(),
                attributes.size(),
                Optional.ofNullable(attributes.fileKey()).orElse(path));
        if (stamp.equals(Optional.of(now))) {
            return false;
        }
        byte[] read = read(path);
        boolean isNew = stamp.isEmpty() || !Arrays.equals(content, read);
        stamp = Optional.of(now);
        content = read;
        return isNew;
    }

    /** As it was at the last {@link #look}. */
    byte[] content() {
        return content;
    }

    /** The whole file; one that is longer than any key or bundle of certificates is refused. */
    static byte[] read(Path path) throws IOException {
        long size = Files.size(path);
        if (size > LONGEST) {
            throw new IOException("it has " + size + " bytes, more than " + LONGEST);
        }
        return Files.readAllBytes(path);
    }

    /** Why a file could not be read, without its name. */
    static String why(IOException unreadable) {
        return unreadable instanceof NoSuchFileException
                ? "there is no such file"
                : "it cannot be read: " + Excerpt.of(String.valueOf(unreadable.getMessage()));
    }
}
