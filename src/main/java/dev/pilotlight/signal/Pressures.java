package dev.pilotlight.signal;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;

/** Each resource against its own limit: 1 is at the limit. Absent where the reading or the limit is not known. */
public record Pressures(
        OptionalDouble slots,
        OptionalDouble queue,
        OptionalDouble kvCache,
        OptionalDouble ttft,
        OptionalDouble itl,
        OptionalDouble gpuCompute,
        OptionalDouble gpuMemory) {

    Pressures withGpu(OptionalDouble compute, OptionalDouble memory) {
        return new Pressures(slots, queue, kvCache, ttft, itl, compute, memory);
    }

    /** The known ones by the name of their {@code resource} label. */
    public Map<String, Double> byResource() {
        Map<String, Double> known = new LinkedHashMap<>();
        slots.ifPresent(value -> known.put("slots", value));
        queue.ifPresent(value -> known.put("queue", value));
        kvCache.ifPresent(value -> known.put("kv_cache", value));
        ttft.ifPresent(value -> known.put("ttft", value));
        itl.ifPresent(value -> known.put("itl", value));
        gpuCompute.ifPresent(value -> known.put("gpu_compute", value));
        gpuMemory.ifPresent(value -> known.put("gpu_memory", value));
        return known;
    }
}
