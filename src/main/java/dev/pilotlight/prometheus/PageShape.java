package dev.pilotlight.prometheus;

/** Which series a page holds and in what order: all of a page but its values, shared by pages that differ in no more. */
final class PageShape {
    private final Wanted wanted;
    private final Series[] series;
    private final int[] starts;
    private final int[] positions;

    /** Groups the first {@code count} slots, which are in page order, by name. */
    PageShape(Wanted wanted, Slot[] slots, int count) {
        this.wanted = wanted;
        this.series = new Series[count];
        this.starts = new int[wanted.names().size() + 1];
        this.positions = new int[count];
        for (int i = 0; i < count; i++) {
            starts[slots[i].name + 1]++;
        }
        for (int name = 1; name < starts.length; name++) {
            starts[name] += starts[name - 1];
        }
        int[] next = starts.clone();
        for (int i = 0; i < count; i++) {
            positions[i] = next[slots[i].name]++;
            series[positions[i]] = slots[i].series;
        }
    }

    Wanted wanted() {
        return wanted;
    }

    int size() {
        return series.length;
    }

    /** Where the samples of the wanted name of that number begin. */
    int start(int name) {
        return starts[name];
    }

    Series series(int at) {
        return series[at];
    }

    /** The values of slots that are in this shape's page order, as this shape groups them. */
    double[] values(Slot[] slots) {
        double[] values = new double[positions.length];
        for (int i = 0; i < positions.length; i++) {
            values[positions[i]] = slots[i].value;
        }
        return values;
    }
}
