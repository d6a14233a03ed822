package dev.pilotlight.log;

import io.quarkus.logging.LoggingFilter;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Filter;
import java.util.logging.LogRecord;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.ExtLogRecord.FormatStyle;
import org.jboss.logmanager.formatters.PatternFormatter;

/** Stands before the console: {@link Repeats} says what gets through. */
@LoggingFilter(name = "bounded")
public final class BoundedLog implements Filter {
    private final PatternFormatter message = new PatternFormatter("%s");
    private final AtomicReference<Repeats> repeats = new AtomicReference<>(Repeats.NONE);

    @Override
    public boolean isLoggable(LogRecord line) {
        String text = text(line);
        String logger = String.valueOf(line.getLoggerName());
        Repeats before;
        Repeats.Verdict verdict;
        do {
            before = repeats.get();
            verdict = before.look(logger, text, line.getInstant());
        } while (!repeats.compareAndSet(before, verdict.next()));
        if (verdict.isWritten() && verdict.leftOut() > 0 && line instanceof ExtLogRecord formatted) {
            formatted.setMessage(
                    text + " (" + verdict.leftOut() + " lines before this one were left out)", FormatStyle.NO_FORMAT);
        }
        return verdict.isWritten();
    }

    private String text(LogRecord line) {
        return line.getMessage() == null ? "" : message.formatMessage(line);
    }
}
