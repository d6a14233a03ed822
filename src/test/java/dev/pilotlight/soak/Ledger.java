package dev.pilotlight.soak;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;

/** What a process used, minute by minute, and whether it ends with what it began with: the first minute is that of its start. */
final class Ledger {
    /** A JVM touches more of its heap as it goes on, up to the heap's limit: a leak shows in an hour of ten times the usual. */
    private static final double MOST_MEMORY = 1.20;

    private static final long MORE_THREADS = 4;
    private static final long MORE_DESCRIPTORS = 16;
    private static final double MOST_LINES = 1.5;
    private static final long MORE_LINES = 20;

    private final List<Minute> minutes = new ArrayList<>();

    /** @param logLines that came within it */
    record Minute(long residentKiB, long threads, long descriptors, long logLines) {
        /** Medians of what was seen within it: one look may fall into a burst. */
        static Minute of(List<Look> looks, long logLines) {
            return new Minute(
                    median(looks, Look::residentKiB),
                    median(looks, Look::threads),
                    median(looks, Look::descriptors),
                    logLines);
        }

        private static long median(List<Look> looks, ToLongFunction<Look> column) {
            long[] sorted = looks.stream().mapToLong(column).sorted().toArray();
            return sorted[sorted.length / 2];
        }
    }

    record Look(long residentKiB, long threads, long descriptors) {}

    void add(Minute minute) {
        minutes.add(minute);
    }

    private Minute start() {
        return minutes.get(1);
    }

    private Minute end() {
        return minutes.getLast();
    }

    String row(int minute) {
        Minute it = minutes.get(minute);
        return String.format(
                Locale.ROOT,
                "minute %3d: %6.1f MiB, %3d threads, %4d descriptors, %4d lines",
                minute + 1,
                it.residentKiB() / 1024.0,
                it.threads(),
                it.descriptors(),
                it.logLines());
    }

    /** In the form of docs/measurements.md. */
    String table() {
        return String.join(
                "\n",
                "| | minute 2 | minute " + minutes.size() + " | most in between |",
                "| --- | --- | --- | --- |",
                String.format(
                        Locale.ROOT,
                        "| resident, MiB | %.1f | %.1f | %.1f |",
                        start().residentKiB() / 1024.0,
                        end().residentKiB() / 1024.0,
                        most(Minute::residentKiB) / 1024.0),
                "| threads | " + start().threads() + " | " + end().threads() + " | " + most(Minute::threads) + " |",
                "| descriptors | " + start().descriptors() + " | " + end().descriptors() + " | "
                        + most(Minute::descriptors) + " |",
                "| lines of log in the minute | " + start().logLines() + " | " + end().logLines() + " | "
                        + most(Minute::logLines) + " |");
    }

    private long most(ToLongFunction<Minute> column) {
        return minutes.stream().skip(1).mapToLong(column).max().orElseThrow();
    }

    /** What has grown beyond its bound, one sentence each. */
    List<String> grown() {
        List<String> grown = new ArrayList<>();
        check(grown, "resident KiB", end().residentKiB(), (long) (start().residentKiB() * MOST_MEMORY));
        check(grown, "threads", end().threads(), start().threads() + MORE_THREADS);
        check(grown, "descriptors", end().descriptors(), start().descriptors() + MORE_DESCRIPTORS);
        check(
                grown,
                "lines of log in a minute",
                end().logLines(),
                (long) (start().logLines() * MOST_LINES) + MORE_LINES);
        return grown;
    }

    private static void check(List<String> grown, String what, long end, long most) {
        if (end > most) {
            grown.add(what + " ended at " + end + ": at most " + most + " by what it began with");
        }
    }
}
