package dev.pilotlight.prometheus;

import java.util.AbstractList;
import java.util.List;
import java.util.Objects;
import java.util.function.ObjDoubleConsumer;

/** What was wanted of one page. Immutable. */
public final class MetricPage {
    private final PageShape shape;
    private final double[] values;
    private final long[] declared;
    private final int malformedLines;
    private final long bytes;

    MetricPage(PageShape shape, double[] values, long[] declared, int malformedLines, long bytes) {
        this.shape = shape;
        this.values = values;
        this.declared = declared;
        this.malformedLines = malformedLines;
        this.bytes = bytes;
    }

    /** The samples of that name in page order; empty when there are none or they were not wanted. */
    public List<Sample> samples(String name) {
        int index = shape.wanted().index(name);
        if (index == Wanted.NONE || shape.start(index) == shape.start(index + 1)) {
            return List.of();
        }
        int from = shape.start(index);
        int count = shape.start(index + 1) - from;
        return new AbstractList<>() {
            @Override
            public Sample get(int i) {
                int at = from + Objects.checkIndex(i, count);
                return new Sample(shape.series(at), values[at]);
            }

            @Override
            public int size() {
                return count;
            }
        };
    }

    /** Walks the samples of that name in page order, without allocation. */
    public void forEach(String name, ObjDoubleConsumer<? super Series> action) {
        int index = shape.wanted().index(name);
        if (index != Wanted.NONE) {
            for (int at = shape.start(index); at < shape.start(index + 1); at++) {
                action.accept(shape.series(at), values[at]);
            }
        }
    }

    /**
     * Whether a TYPE or HELP line named that wanted sample or its family: the name without {@code _total},
     * {@code _bucket}, {@code _sum} or {@code _count}. A declared name without samples is a metric of which nothing has
     * happened yet.
     */
    public boolean declares(String name) {
        int index = shape.wanted().index(name);
        return index != Wanted.NONE && (declared[index >>> 6] & 1L << index) != 0;
    }

    /** How many lines of wanted samples could not be read; they are skipped. */
    public int malformedLines() {
        return malformedLines;
    }

    /** The length of the whole page. */
    public long bytes() {
        return bytes;
    }

    /** How many samples are kept. */
    public int size() {
        return values.length;
    }

    /** Whether the page held nothing that was wanted, neither sample nor declaration. */
    public boolean isEmpty() {
        if (size() > 0) {
            return false;
        }
        long any = 0;
        for (long word : declared) {
            any |= word;
        }
        return any == 0;
    }

    @Override
    public String toString() {
        return "MetricPage[" + size() + " samples, " + malformedLines + " malformed lines, " + bytes + " bytes]";
    }
}
