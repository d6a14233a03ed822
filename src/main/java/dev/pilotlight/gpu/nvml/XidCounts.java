package dev.pilotlight.gpu.nvml;

import dev.pilotlight.gpu.readings.Xids;
import java.util.HashMap;
import java.util.Map;

/**
 * XIDs seen since the probe started, by GPU, GPU instance and number: one thread adds, any thread reads.
 *
 * <p>Bounded: a GPU that invents numbers has the surplus counted as 999, NVML's own word for an unknown XID.
 */
final class XidCounts {
    /** The GPU instance of an event that concerns the whole GPU. */
    static final int WHOLE_GPU = -1;

    private static final int MOST_NUMBERS = 64;
    private static final int UNKNOWN = 999;

    private volatile Map<String, Map<Integer, Map<Integer, Long>>> counts = Map.of();

    void add(String uuid, int gpuInstance, long xid) {
        Map<Integer, Map<Integer, Long>> ofGpu = counts.getOrDefault(uuid, Map.of());
        Map<Integer, Long> before = ofGpu.getOrDefault(gpuInstance, Map.of());
        int number = xid < 0 || xid > UNKNOWN ? UNKNOWN : (int) xid;
        if (!before.containsKey(number) && before.size() >= MOST_NUMBERS) {
            number = UNKNOWN;
        }
        Map<Integer, Long> after = new HashMap<>(before);
        after.merge(number, 1L, Long::sum);
        counts = with(counts, uuid, with(ofGpu, gpuInstance, Map.copyOf(after)));
    }

    private static <K, V> Map<K, V> with(Map<K, V> map, K key, V value) {
        Map<K, V> copy = new HashMap<>(map);
        copy.put(key, value);
        return Map.copyOf(copy);
    }

    /** Everything that happened on a GPU. */
    Xids.Counted ofGpu(String uuid) {
        Map<Integer, Map<Integer, Long>> byInstance = counts.get(uuid);
        if (byInstance == null) {
            return Xids.Counted.NONE;
        }
        Map<Integer, Long> sum = new HashMap<>();
        byInstance.values().forEach(xids -> xids.forEach((xid, count) -> sum.merge(xid, count, Long::sum)));
        return new Xids.Counted(sum);
    }

    /** What concerns the whole of a partitioned GPU. */
    Xids.Counted ofWholeGpu(String uuid) {
        return of(uuid, WHOLE_GPU);
    }

    /** What happened in one GPU instance. */
    Xids.Counted ofInstance(String uuid, int gpuInstance) {
        return of(uuid, gpuInstance);
    }

    private Xids.Counted of(String uuid, int gpuInstance) {
        Map<Integer, Long> xids = counts.getOrDefault(uuid, Map.of()).get(gpuInstance);
        return xids == null ? Xids.Counted.NONE : new Xids.Counted(xids);
    }
}
