package dev.pilotlight.replay;

import java.util.Arrays;

/** The requests of a trace in order of arrival: when, how long the prompt, how long the answer. */
public final class Arrivals {
    private final String name;
    private final long[] atNanos;
    private final int[] promptTokens;
    private final int[] outputTokens;
    private final long endNanos;

    private Arrivals(String name, long[] atNanos, int[] promptTokens, int[] outputTokens, long endNanos) {
        this.name = name;
        this.atNanos = atNanos;
        this.promptTokens = promptTokens;
        this.outputTokens = outputTokens;
        this.endNanos = endNanos;
    }

    public String name() {
        return name;
    }

    public int size() {
        return atNanos.length;
    }

    /** Nanoseconds since the beginning of the trace. */
    public long atNanos(int index) {
        return atNanos[index];
    }

    public int promptTokens(int index) {
        return promptTokens[index];
    }

    public int outputTokens(int index) {
        return outputTokens[index];
    }

    /** How long the trace is; no request arrives later. */
    public long endNanos() {
        return endNanos;
    }

    /** Requests a second, over the whole trace. */
    public double meanRate() {
        return size() / (endNanos * 1e-9);
    }

    /** Requests that arrive in each slice of time. */
    public int[] perSlice(long sliceNanos) {
        int[] counts = new int[(int) ((endNanos + sliceNanos - 1) / sliceNanos)];
        for (long at : atNanos) {
            counts[(int) Math.min(counts.length - 1, at / sliceNanos)]++;
        }
        return counts;
    }

    public Arrivals named(String other) {
        return new Arrivals(other, atNanos, promptTokens, outputTokens, endNanos);
    }

    /** The same, from another moment on: what came before that comes at the end. */
    Arrivals beginningAt(double share) {
        long begin = (long) (share * endNanos);
        Builder turned = builder(name);
        for (int i = 0; i < size(); i++) {
            turned.add(Math.floorMod(atNanos[i] - begin, endNanos), promptTokens[i], outputTokens[i]);
        }
        return turned.endingAt(endNanos);
    }

    static Builder builder(String name) {
        return new Builder(name);
    }

    /** Collects requests; they may come in any order. */
    static final class Builder {
        private final String name;
        private long[] rows = new long[1024];
        private long[] lengths = new long[1024];
        private int size;

        private Builder(String name) {
            this.name = name;
        }

        Builder add(long atNanos, int promptTokens, int outputTokens) {
            if (size == rows.length) {
                rows = Arrays.copyOf(rows, size * 2);
                lengths = Arrays.copyOf(lengths, size * 2);
            }
            rows[size] = atNanos;
            lengths[size++] = (long) Math.max(1, promptTokens) << 32 | Math.max(1, outputTokens);
            return this;
        }

        int size() {
            return size;
        }

        Arrivals endingAt(long endNanos) {
            Integer[] order = new Integer[size];
            Arrays.setAll(order, i -> i);
            Arrays.sort(order, (a, b) -> Long.compare(rows[a], rows[b]));
            long[] at = new long[size];
            int[] prompts = new int[size];
            int[] outputs = new int[size];
            for (int i = 0; i < size; i++) {
                at[i] = rows[order[i]];
                prompts[i] = (int) (lengths[order[i]] >>> 32);
                outputs[i] = (int) lengths[order[i]];
            }
            if (size == 0 || at[size - 1] > endNanos) {
                throw new IllegalArgumentException(
                        size == 0 ? name + " holds no request" : name + " has requests beyond its end");
            }
            return new Arrivals(name, at, prompts, outputs, endNanos);
        }
    }
}
