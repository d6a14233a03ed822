package dev.pilotlight.prometheus;

import java.util.Arrays;
import java.util.Objects;

/**
 * Reads Prometheus text as it arrives, in chunks of any size: the classic format, OpenMetrics, and quoted names. Its cost
 * is bounded whatever arrives. For one page at a time and one thread; reuse it, since a page like the one before costs
 * hardly any allocation.
 */
public final class PrometheusText {
    private static final int CARRY = 1 << 10;
    /** One byte more than a line may have, so that a line cut here is still seen to be too long; one for the newline. */
    private static final int LARGEST_CARRY = LineReader.LONGEST + 2;

    private final Limits limits;
    private final SeriesTable table;
    private final LineReader lines;

    private boolean open;
    private long bytes;
    private String refusal;
    /** The beginning of a line whose end has not arrived. */
    private byte[] carry = new byte[CARRY];

    private int carried;

    public PrometheusText(Wanted wanted, Limits limits) {
        this.limits = limits;
        this.table = new SeriesTable(wanted);
        this.lines = new LineReader(wanted, table);
    }

    /** Begins a page; what came of one begun before and not ended is dropped. */
    public void begin() {
        open = true;
        bytes = 0;
        refusal = null;
        carried = 0;
        table.begin();
        lines.begin();
    }

    /**
     * Reads the next bytes of the page.
     *
     * @return false when a limit was passed, now or before: send no more, the page is refused
     */
    public boolean feed(byte[] chunk, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, chunk.length);
        requireOpen();
        if (refusal != null) {
            return false;
        }
        bytes += length;
        if (bytes > limits.bytes()) {
            refuse(
                    "metrics page is larger than %d bytes (pilotlight.engine.max-page-bytes): %d had come when it was cut off"
                            .formatted(limits.bytes(), bytes));
            return false;
        }
        readLines(chunk, offset, offset + length);
        return refusal == null;
    }

    /** Ends the page and says what it held. */
    public PageReading end() {
        requireOpen();
        open = false;
        if (refusal == null && carried > 0) {
            readCarried();
        }
        if (refusal != null) {
            return new PageReading.Refused(refusal);
        }
        return new PageReading.Read(table.end(lines.declared(), lines.malformed(), bytes));
    }

    /** Reads a page that is here as a whole. */
    public PageReading read(byte[] page) {
        begin();
        feed(page, 0, page.length);
        return end();
    }

    private void readLines(byte[] chunk, int from, int to) {
        int at = from;
        while (at < to && refusal == null) {
            int newline = Swar.newline(chunk, at, to);
            if (newline < 0) {
                carry(chunk, at, to);
                return;
            }
            if (carried > 0) {
                carry(chunk, at, newline);
                readCarried();
            } else {
                readLine(chunk, at, newline);
            }
            at = newline + 1;
        }
    }

    private void readCarried() {
        carry[carried] = '\n';
        readLine(carry, 0, carried);
        carried = 0;
    }

    private void readLine(byte[] line, int from, int to) {
        lines.read(line, from, to);
        if (table.spellingsSeen() > limits.series()) {
            refuse("metrics page has more than %d wanted series (pilotlight.engine.max-series): number %d is one of %s"
                    .formatted(limits.series(), table.spellingsSeen(), table.lastName()));
        } else if (table.bytesSeen() > limits.keptBytes()) {
            refuse(
                    "the wanted series of the metrics page have more than %d bytes of names and labels (%d for each of pilotlight.engine.max-series): number %d is one of %s"
                            .formatted(
                                    limits.keptBytes(),
                                    Limits.BYTES_OF_A_SERIES,
                                    table.spellingsSeen(),
                                    table.lastName()));
        }
    }

    /** Lets go of what was kept of the page at once: whoever sends too much may be in no hurry to end. */
    private void refuse(String why) {
        refusal = why;
        table.clear();
    }

    private void carry(byte[] chunk, int from, int to) {
        int kept = Math.min(to - from, LARGEST_CARRY - 1 - carried);
        if (carried + kept >= carry.length) {
            carry = Arrays.copyOf(carry, Math.min(LARGEST_CARRY, Integer.highestOneBit(carried + kept) << 1));
        }
        System.arraycopy(chunk, from, carry, carried, kept);
        carried += kept;
    }

    private void requireOpen() {
        if (!open) {
            throw new IllegalStateException("no page is open: begin() comes first");
        }
    }
}
