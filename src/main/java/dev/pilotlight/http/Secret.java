package dev.pilotlight.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * A key or token of one line, from a file that is looked at before every use, or given once. A file that cannot be used any more leaves
 * the last good value in force, and that is said once. The value is never in a message.
 */
public final class Secret implements Supplier<Optional<String>> {
    private static final Logger LOG = Logger.getLogger("pilotlight");

    private final String setting;
    private final Optional<WatchedFile> file;
    private final AtomicBoolean isLooking = new AtomicBoolean();
    private volatile Optional<String> value;
    private volatile String said = "";

    private Secret(String setting, Optional<WatchedFile> file, Optional<String> value) {
        this.setting = setting;
        this.file = file;
        this.value = value;
    }

    public static Secret none() {
        return new Secret("", Optional.empty(), Optional.empty());
    }

    public static Secret of(String value) {
        return new Secret("", Optional.empty(), Optional.of(value.strip()));
    }

    /** @param setting that names the file, for people */
    public static Secret in(Path file, String setting) {
        Secret secret = new Secret(setting + "=" + file, Optional.of(new WatchedFile(file)), Optional.empty());
        secret.get();
        return secret;
    }

    /** Why the file holds no key, without what it holds. */
    public static Optional<String> problem(Path file) {
        try {
            return problem(text(WatchedFile.read(file)));
        } catch (IOException unreadable) {
            return Optional.of(WatchedFile.why(unreadable));
        }
    }

    /** Why a text is no key. */
    public static Optional<String> problem(String text) {
        String line = text.strip();
        if (line.isEmpty()) {
            return Optional.of("it is empty; give the key, one line of it");
        }
        if (line.lines().count() > 1) {
            return Optional.of("it has " + line.lines().count() + " lines; give the key alone, one line");
        }
        if (line.chars().anyMatch(each -> each <= ' ' || each > '~')) {
            return Optional.of("it has a character that no header may carry: a blank, a control character or one beyond"
                    + " ASCII; give the key alone");
        }
        return Optional.empty();
    }

    private static String text(byte[] content) {
        return new String(content, StandardCharsets.UTF_8);
    }

    @Override
    public Optional<String> get() {
        // While one thread looks, the others go by what it found before.
        if (file.isPresent() && isLooking.compareAndSet(false, true)) {
            try {
                look(file.get());
            } finally {
                isLooking.set(false);
            }
        }
        return value;
    }

    private void look(WatchedFile key) {
        try {
            if (!key.look() && said.isEmpty()) {
                return;
            }
            String text = text(key.content());
            Optional<String> problem = problem(text);
            if (problem.isEmpty()) {
                value = Optional.of(text.strip());
            }
            say(problem.orElse(""));
        } catch (IOException unreadable) {
            say(WatchedFile.why(unreadable));
        }
    }

    private void say(String now) {
        if (!now.equals(said)) {
            if (now.isEmpty()) {
                LOG.infof("%s can be read again", setting);
            } else {
                LOG.warnf("%s: %s; what was read before stays in force", setting, now);
            }
            said = now;
        }
    }
}
