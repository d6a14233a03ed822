package dev.pilotlight.broken;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jboss.logging.Logger;

/** Touches the outside in four ways and is no door. */
public final class Opener {
    public String open(URI where, Path file) throws IOException {
        try (Socket socket = new Socket(where.getHost(), where.getPort());
                Arena arena = Arena.ofConfined()) {
            Logger.getLogger("opener").info(socket);
            return Files.readString(file) + arena.allocate(1);
        }
    }
}
