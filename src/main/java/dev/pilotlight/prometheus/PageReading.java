package dev.pilotlight.prometheus;

/** What came of reading a page. */
public sealed interface PageReading {
    /** The page was read to its end; it may hold nothing that was wanted. */
    record Read(MetricPage page) implements PageReading {}

    /** The page passed a limit and nothing of it is kept; {@code why} quotes the limit and the value seen. */
    record Refused(String why) implements PageReading {}
}
