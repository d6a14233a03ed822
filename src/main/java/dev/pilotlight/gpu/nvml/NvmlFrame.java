package dev.pilotlight.gpu.nvml;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The out-arguments of one read, in that read's own arena: four words, a struct and a text. */
final class NvmlFrame implements AutoCloseable {
    /** A UUID or name fits in 96 bytes with any driver; older ones needed 80 and 64. */
    private static final int TEXT_BYTES = 96;

    private static final int STRUCT_BYTES = 64;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment memory = arena.allocate(4 * 8 + STRUCT_BYTES + TEXT_BYTES, 8);

    final MemorySegment first = memory.asSlice(0, 8);
    final MemorySegment second = memory.asSlice(8, 8);
    final MemorySegment third = memory.asSlice(16, 8);
    final MemorySegment fourth = memory.asSlice(24, 8);
    final MemorySegment struct = memory.asSlice(32, STRUCT_BYTES);
    final MemorySegment text = memory.asSlice(32 + STRUCT_BYTES, TEXT_BYTES);

    static long u32(MemorySegment at, long offset) {
        return Integer.toUnsignedLong(at.get(JAVA_INT, offset));
    }

    static long u32(MemorySegment at) {
        return u32(at, 0);
    }

    static long u64(MemorySegment at, long offset) {
        return at.get(JAVA_LONG, offset);
    }

    static long u64(MemorySegment at) {
        return u64(at, 0);
    }

    /** A handle: valid until NVML is shut down, so it is bound to no arena. */
    static MemorySegment pointer(MemorySegment at) {
        return at.get(ADDRESS, 0);
    }

    /** Empties a word, so that a driver which answers 0 and writes half of it leaves no rest of the last call. */
    static MemorySegment clean(MemorySegment at) {
        return at.fill((byte) 0);
    }

    int textLength() {
        return TEXT_BYTES;
    }

    /** As far as the driver ended it; what it did not end goes to the last byte. */
    String text() {
        text.set(JAVA_BYTE, TEXT_BYTES - 1, (byte) 0);
        return text.getString(0).replaceAll("\\p{Cntrl}", "?");
    }

    @Override
    public void close() {
        arena.close();
    }
}
