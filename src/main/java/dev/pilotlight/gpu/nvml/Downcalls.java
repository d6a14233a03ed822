package dev.pilotlight.gpu.nvml;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

/**
 * The shapes of C function that NVML has, one static method handle each; the function's address is the first argument.
 *
 * <p>Names spell the arguments: P pointer, I 32-bit, L 64-bit. All return an int. In a native image each shape must
 * stand in {@code reachability-metadata.json} (a test compares) and this class must be initialised at run time
 * ({@code native-image.properties}), because a handle of the image builder is worth nothing in the image.
 */
final class Downcalls {
    private static final List<FunctionDescriptor> SHAPES = new ArrayList<>();

    private static final MethodHandle NONE = shape();
    private static final MethodHandle P = shape(ADDRESS);
    private static final MethodHandle PI = shape(ADDRESS, JAVA_INT);
    private static final MethodHandle IP = shape(JAVA_INT, ADDRESS);
    private static final MethodHandle PP = shape(ADDRESS, ADDRESS);
    private static final MethodHandle PPI = shape(ADDRESS, ADDRESS, JAVA_INT);
    private static final MethodHandle PIP = shape(ADDRESS, JAVA_INT, ADDRESS);
    private static final MethodHandle PLP = shape(ADDRESS, JAVA_LONG, ADDRESS);
    private static final MethodHandle PPP = shape(ADDRESS, ADDRESS, ADDRESS);
    private static final MethodHandle PIIP = shape(ADDRESS, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle PIPP = shape(ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle PPPPP = shape(ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS);

    private Downcalls() {}

    /** Every shape that may be called. */
    static List<FunctionDescriptor> shapes() {
        return List.copyOf(SHAPES);
    }

    @SuppressWarnings("restricted")
    private static MethodHandle shape(MemoryLayout... arguments) {
        FunctionDescriptor shape = FunctionDescriptor.of(JAVA_INT, arguments);
        SHAPES.add(shape);
        return Linker.nativeLinker().downcallHandle(shape);
    }

    static int call(MemorySegment function) {
        if (missing(function)) {
            return NvmlReturn.FUNCTION_NOT_FOUND;
        }
        try {
            return (int) NONE.invokeExact(function);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static int callP(MemorySegment function, MemorySegment a) {
        if (missing(function)) {
            return NvmlReturn.FUNCTION_NOT_FOUND;
        }
        try {
            return (int) P.invokeExact(function, a);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static int callPI(MemorySegment function, MemorySegment a, int b) {
        if (missing(function)) {
            return NvmlReturn.FUNCTION_NOT_FOUND;
        }
        try {
            return (int) PI.invokeExact(function, a, b);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static int callIP(MemorySegment function, int a, MemorySegment b) {
        if (missing(function)) {
            return NvmlReturn.FUNCTION_NOT_FOUND;
        }
        try {
            return (int) IP.invokeExact(function, a, b);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static int callPP(MemorySegment function, MemorySegment a, MemorySegment b) {
        if (missing(function)) {
            return NvmlReturn.FUNCTION_NOT_FOUND;
        }
        try {
            return (int) PP.invokeExact(function, a, b);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static int callPPI(MemorySegment function, MemorySegment a, MemorySegment b, int c) {
        if (missing(function)) {
            return NvmlReturn.FUNCTION_NOT_FOUND;
        }
        try {
            return (int) PPI.invokeExact(function, a, b, c);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static int callPIP(MemorySegment function, MemorySegment a, int b, MemorySegment c) {
        if (missing(function)) {
            return NvmlReturn.FUNCTION_NOT_FOUND;
        }
        try {
            return (int) PIP.invokeExact(function, a, b, c);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static int callPLP(MemorySegment function, MemorySegment a, long b, MemorySegment c) {
        if (missing(function)) {
            return NvmlReturn.FUNCTION_NOT_FOUND;
        }
        try {
            return (int) PLP.invokeExact(function, a, b, c);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static int callPPP(MemorySegment function, MemorySegment a, MemorySegment b, MemorySegment c) {
        if (missing(function)) {
            return NvmlReturn.FUNCTION_NOT_FOUND;
        }
        try {
            return (int) PPP.invokeExact(function, a, b, c);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static int callPIIP(MemorySegment function, MemorySegment a, int b, int c, MemorySegment d) {
        if (missing(function)) {
            return NvmlReturn.FUNCTION_NOT_FOUND;
        }
        try {
            return (int) PIIP.invokeExact(function, a, b, c, d);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static int callPIPP(MemorySegment function, MemorySegment a, int b, MemorySegment c, MemorySegment d) {
        if (missing(function)) {
            return NvmlReturn.FUNCTION_NOT_FOUND;
        }
        try {
            return (int) PIPP.invokeExact(function, a, b, c, d);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static int callPPPPP(
            MemorySegment function,
            MemorySegment a,
            MemorySegment b,
            MemorySegment c,
            MemorySegment d,
            MemorySegment e) {
        if (missing(function)) {
            return NvmlReturn.FUNCTION_NOT_FOUND;
        }
        try {
            return (int) PPPPP.invokeExact(function, a, b, c, d, e);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    private static boolean missing(MemorySegment function) {
        return function.address() == 0;
    }

    /** A C function throws nothing: what arrives here is a mistake of the caller's, such as a closed arena. */
    private static AssertionError broken(Throwable e) {
        return new AssertionError("a downcall was made with wrong arguments", e);
    }
}
