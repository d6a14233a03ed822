package dev.pilotlight.prometheus;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The sample names wanted from a page, compiled once into a table that is matched without allocation. */
public final class Wanted {
    /** What the samples of a counter, a histogram or a summary add to the name that their TYPE line gives. */
    private static final List<String> SUFFIXES = List.of("_total", "_bucket", "_sum", "_count");

    static final int NONE = -1;

    private final Map<String, Integer> indexes;
    private final Name[] table;

    private Wanted(Map<String, Integer> indexes) {
        this.indexes = Collections.unmodifiableMap(indexes);
        Map<String, int[]> declarations = new LinkedHashMap<>();
        indexes.forEach((name, index) -> {
            declare(declarations, name, index);
            SUFFIXES.stream()
                    .filter(name::endsWith)
                    .forEach(
                            suffix -> declare(declarations, name.substring(0, name.length() - suffix.length()), index));
        });
        // A quarter full at most: nearly every name that is not wanted meets an empty place.
        this.table = new Name[Integer.highestOneBit(Math.max(1, declarations.size())) << 3];
        declarations.forEach((name, declared) -> insert(Name.of(name, index(name), declared)));
    }

    /** The names as they stand before the labels, so {@code …_bucket}, {@code …_sum}, {@code …_count} of a histogram. */
    public static Wanted of(Collection<String> sampleNames) {
        Map<String, Integer> indexes = new LinkedHashMap<>();
        for (String name : new LinkedHashSet<>(sampleNames)) {
            if (name.isBlank()) {
                throw new IllegalArgumentException("a wanted sample name is blank: " + sampleNames);
            }
            indexes.put(name, indexes.size());
        }
        return new Wanted(indexes);
    }

    /** The names, in the order in which they were given. */
    public Set<String> names() {
        return indexes.keySet();
    }

    /** The number of a name, from 0 in the order given, or {@link #NONE}. */
    int index(String name) {
        return indexes.getOrDefault(name, NONE);
    }

    /** The name spelt by {@code [from, to)}, whose hash is given, or null when it is of no interest. */
    Name find(byte[] bytes, int from, int to, long hash) {
        for (int place = place(hash); ; place = place + 1 & table.length - 1) {
            Name name = table[place];
            if (name == null || name.hash == hash && Arrays.equals(name.text, 0, name.text.length, bytes, from, to)) {
                return name;
            }
        }
    }

    private void insert(Name name) {
        int place = place(name.hash);
        while (table[place] != null) {
            place = place + 1 & table.length - 1;
        }
        table[place] = name;
    }

    private int place(long hash) {
        return (int) hash & table.length - 1;
    }

    private static void declare(Map<String, int[]> declarations, String name, int index) {
        declarations.merge(name, new int[] {index}, (some, one) -> {
            int[] all = Arrays.copyOf(some, some.length + 1);
            all[some.length] = one[0];
            return all;
        });
    }

    /** A name of interest: that of a wanted sample, of a family that declares wanted samples, or both. */
    record Name(String string, byte[] text, long hash, int sample, int[] declared) {
        static Name of(String name, int sample, int[] declared) {
            byte[] text = name.getBytes(StandardCharsets.UTF_8);
            return new Name(name, text, Swar.hash(text, 0, text.length), sample, declared);
        }
    }
}
