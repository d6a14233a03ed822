package dev.pilotlight.gpu.nvml;

import dev.pilotlight.guard.Guard;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * Waits for XID events on a platform thread of its own and counts them.
 *
 * <p>A wait is a downcall: on a virtual thread it would pin the carrier, and on the probe's it would hold up the read.
 */
final class XidWatch implements AutoCloseable {
    static final long XID_EVENT = 0x8;

    private static final int EVENT_BYTES = 32;
    private static final int DEVICE_AT = 0;
    private static final int TYPE_AT = 8;
    private static final int NUMBER_AT = 16;
    private static final int GPU_INSTANCE_AT = 24;

    /** How long one wait lasts where nothing happens: closing takes up to this. */
    static final Duration WAIT = Duration.ofMillis(500);

    /** How long closing waits for a driver that does not come back. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    /** The pause after a wait that ended early or wrongly, so that a driver which answers at once burns no core. */
    private static final long EARLY_PAUSE_NANOS = 20_000_000;

    private static final long ERROR_PAUSE_NANOS = 1_000_000_000;

    private final Nvml nvml;
    private final MemorySegment set;
    private final XidCounts counts;
    private final int waitMillis;
    private final Map<Long, String> uuidByHandle = new HashMap<>();
    private Thread thread;
    private volatile boolean closed;

    private XidWatch(Nvml nvml, MemorySegment set, XidCounts counts, Duration wait) {
        this.nvml = nvml;
        this.set = set;
        this.counts = counts;
        this.waitMillis = (int) wait.toMillis();
    }

    /** What opening gave: the event set may be refused, and then XIDs stay unknown. */
    sealed interface Opening {
        record Opened(XidWatch watch) implements Opening {}

        record Refused(String why) implements Opening {}
    }

    static Opening open(Nvml nvml, XidCounts counts, Duration wait, NvmlFrame frame) {
        int code = nvml.nvmlEventSetCreate(NvmlFrame.clean(frame.first));
        return code == NvmlReturn.SUCCESS
                ? new Opening.Opened(new XidWatch(nvml, NvmlFrame.pointer(frame.first), counts, wait))
                : new Opening.Refused("nvmlEventSetCreate answers " + NvmlReturn.says(code));
    }

    /** Registers a GPU; before {@link #start}. Answers NVML's code. */
    int add(MemorySegment device, String uuid) {
        int code = nvml.nvmlDeviceRegisterEvents(device, XID_EVENT, set);
        if (code == NvmlReturn.SUCCESS) {
            uuidByHandle.put(device.address(), uuid);
        }
        return code;
    }

    void start() {
        if (!uuidByHandle.isEmpty()) {
            thread = Thread.ofPlatform()
                    .daemon()
                    .name("nvml-xid")
                    .start(Guard.guarded("nvml-xid", () -> closed, this::watch));
        }
    }

    private void watch() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment event = arena.allocate(EVENT_BYTES, 8);
            while (!closed) {
                switch (nvml.nvmlEventSetWait_v2(set, event, waitMillis)) {
                    case NvmlReturn.SUCCESS -> count(event);
                    case NvmlReturn.TIMEOUT -> LockSupport.parkNanos(EARLY_PAUSE_NANOS);
                    // 15 once a GPU is lost, and at once ever after: the probe's own calls tell of that.
                    default -> LockSupport.parkNanos(ERROR_PAUSE_NANOS);
                }
            }
        }
    }

    private void count(MemorySegment event) {
        String uuid = uuidByHandle.get(NvmlFrame.u64(event, DEVICE_AT));
        if (uuid != null && (NvmlFrame.u64(event, TYPE_AT) & XID_EVENT) != 0) {
            // An instance id of all ones, which is -1 as an int, means "not a MIG instance".
            counts.add(uuid, (int) NvmlFrame.u32(event, GPU_INSTANCE_AT), NvmlFrame.u64(event, NUMBER_AT));
        }
    }

    /** Ends the watch; a thread that hangs in the driver is left behind with its event set, rather than waited for. */
    @Override
    public void close() {
        closed = true;
        if (thread != null) {
            LockSupport.unpark(thread);
            try {
                if (!thread.join(WAIT.plus(PATIENCE))) {
                    return;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
        nvml.nvmlEventSetFree(set);
    }
}
