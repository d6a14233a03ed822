package dev.pilotlight.node;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** The network namespace of another process, for this thread and all threads and processes that it starts from now on: setns(2). */
final class NetworkNamespace {
    private static final int CLONE_NEWNET = 0x40000000;

    private static final Linker LINKER = Linker.nativeLinker();

    private NetworkNamespace() {}

    static void enter(long pid) {
        MethodHandle open = function(
                "open",
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
                Linker.Option.firstVariadicArg(2));
        MethodHandle setns = function(
                "setns", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        MethodHandle close = function("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        String file = "/proc/" + pid + "/ns/net";
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom(file);
            int descriptor = (int) open.invokeExact(path, 0);
            if (descriptor < 0) {
                throw new IllegalStateException("cannot open " + file + ": has the node ended?");
            }
            int result = (int) setns.invokeExact(descriptor, CLONE_NEWNET);
            int ignored = (int) close.invokeExact(descriptor);
            if (result != 0) {
                throw new IllegalStateException("setns to " + file + " failed: this process needs CAP_SYS_ADMIN");
            }
        } catch (RuntimeException failed) {
            throw failed;
        } catch (Throwable failed) {
            throw new IllegalStateException(failed);
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle function(String name, FunctionDescriptor type, Linker.Option... options) {
        return LINKER.downcallHandle(LINKER.defaultLookup().find(name).orElseThrow(), type, options);
    }
}
