package dev.pilotlight.prometheus;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * The series of the last page read to its end and of the one being read, found by the bytes that spell them; one that is
 * missing from a page is forgotten with it, so that nothing outlives the page but what the next one will need.
 */
final class SeriesTable {
    private static final int SMALLEST = 64;

    private final Wanted wanted;
    /** Finds a series however it is spelt. A tree, since hashes of labels can be made to collide. */
    private final Map<Series, Slot> slots = new TreeMap<>(Series.ORDER);

    private final Spelling beforeFirst = new Spelling(new byte[0], 0, null, 0);
    private Spelling last = beforeFirst;
    private Spelling[] table = new Spelling[SMALLEST];
    private int size;

    private int page;
    private boolean reading;
    private int spellingsSeen;
    private long bytesSeen;
    private Slot[] order = new Slot[SMALLEST];
    private int count;
    private boolean reordered;
    private PageShape shape;

    SeriesTable(Wanted wanted) {
        this.wanted = wanted;
        this.shape = new PageShape(wanted, order, 0);
    }

    /** Begins a page; one begun before and not ended is as if it had never come. */
    void begin() {
        boolean abandoned = reading;
        if (abandoned) {
            int unfinished = page;
            keepOnly(spelling -> spelling.bornOn != unfinished, slot -> slot.bornOn != unfinished);
        }
        page++;
        reading = true;
        last = beforeFirst;
        spellingsSeen = 0;
        bytesSeen = 0;
        Arrays.fill(order, 0, count, null);
        count = 0;
        reordered = abandoned;
    }

    /** The spelling that the next wanted line most likely has, or null. */
    Spelling expected() {
        return last.next;
    }

    /** How many spellings were met on this page: at least as many as series. */
    int spellingsSeen() {
        return spellingsSeen;
    }

    /** How many bytes they were spelt with. */
    long bytesSeen() {
        return bytesSeen;
    }

    /** The name of the series last put on the page. */
    String lastName() {
        return last.slot.series.name();
    }

    Spelling find(byte[] bytes, int from, int to, long hash) {
        for (int place = place(hash); ; place = place + 1 & table.length - 1) {
            Spelling spelling = table[place];
            if (spelling == null || spelling.hash == hash && spelling.is(bytes, from, to)) {
                return spelling;
            }
        }
    }

    Spelling add(byte[] text, long hash, int name, Series series) {
        if (size * 2 >= table.length) {
            rehash(table.length * 2, _ -> true);
        }
        Slot slot = slots.computeIfAbsent(series, added -> new Slot(added, name, page));
        Spelling spelling = new Spelling(text, hash, slot, page);
        insert(table, spelling);
        size++;
        return spelling;
    }

    /** Puts a value on the page; of several for one series the last stays, in the place of the first. */
    void put(Spelling spelling, double value) {
        last.next = spelling;
        last = spelling;
        if (spelling.seenOn != page) {
            spelling.seenOn = page;
            spellingsSeen++;
            bytesSeen += spelling.text.length;
        }
        Slot slot = spelling.slot;
        slot.value = value;
        if (slot.seenOn != page) {
            slot.seenOn = page;
            append(slot);
        }
    }

    /** Ends the page and says what it held. */
    MetricPage end(long[] declared, int malformedLines, long bytes) {
        last.next = null;
        if (spellingsSeen != size) {
            keepOnly(spelling -> spelling.seenOn == page, slot -> slot.seenOn == page);
        }
        if (reordered || shape.size() != count) {
            shape = new PageShape(wanted, order, count);
        }
        reading = false;
        return new MetricPage(shape, shape.values(order), declared, malformedLines, bytes);
    }

    /** Forgets everything, as if no page had ever been read. */
    void clear() {
        keepOnly(_ -> false, _ -> false);
        order = new Slot[SMALLEST];
        count = 0;
        shape = new PageShape(wanted, order, 0);
        reading = false;
    }

    private void append(Slot slot) {
        if (count == order.length) {
            order = Arrays.copyOf(order, count * 2);
        }
        reordered |= slot.rank != count || slot.bornOn == page;
        slot.rank = count;
        order[count++] = slot;
    }

    private void keepOnly(Predicate<Spelling> kept, Predicate<Slot> keptSlot) {
        int remaining = 0;
        beforeFirst.next = keptOrNull(beforeFirst.next, kept);
        for (Spelling spelling : table) {
            if (spelling != null && kept.test(spelling)) {
                remaining++;
                spelling.next = keptOrNull(spelling.next, kept);
            }
        }
        size = remaining;
        last = beforeFirst;
        rehash(Math.max(SMALLEST, Integer.highestOneBit(remaining) << 2), kept);
        slots.values().removeIf(keptSlot.negate());
    }

    private static Spelling keptOrNull(Spelling spelling, Predicate<Spelling> kept) {
        return spelling != null && kept.test(spelling) ? spelling : null;
    }

    private void rehash(int length, Predicate<Spelling> kept) {
        Spelling[] larger = new Spelling[length];
        for (Spelling spelling : table) {
            if (spelling != null && kept.test(spelling)) {
                insert(larger, spelling);
            }
        }
        table = larger;
    }

    private static void insert(Spelling[] table, Spelling spelling) {
        int place = (int) spelling.hash & table.length - 1;
        while (table[place] != null) {
            place = place + 1 & table.length - 1;
        }
        table[place] = spelling;
    }

    private int place(long hash) {
        return (int) hash & table.length - 1;
    }
}
