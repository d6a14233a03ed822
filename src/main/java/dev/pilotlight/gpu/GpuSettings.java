package dev.pilotlight.gpu;

import dev.pilotlight.gpu.faults.GpuPolicy;
import dev.pilotlight.gpu.faults.OnFault;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The settings {@code pilotlight.gpu.*}, checked.
 *
 * @param dcgmUrl absent: there is no exporter to ask
 * @param uuids this pod's GPUs or MIG devices, or the one word {@code visible}; empty: not told
 * @param onFault for every kind of fault; absent: each kind's default
 * @param nvmlLibrary a name or path instead of the usual places
 */
public record GpuSettings(
        Source source,
        Optional<URI> dcgmUrl,
        List<String> uuids,
        Set<Integer> fatalXids,
        Optional<OnFault> onFault,
        Optional<String> nvmlLibrary) {
    public GpuSettings {
        uuids = List.copyOf(uuids);
        fatalXids = Set.copyOf(fatalXids);
    }

    /** Where to learn of the GPUs from. */
    public enum Source {
        AUTO,
        NVML,
        DCGM,
        NONE
    }

    public GpuPolicy policy() {
        return new GpuPolicy(fatalXids, onFault);
    }

    /** The node's exporter, by the node's address from the downward API; brackets an IPv6 address. */
    public static Optional<String> nodeExporter(Optional<String> hostIp) {
        return hostIp.filter(ip -> !ip.isBlank())
                .map(ip -> "http://" + (ip.indexOf(':') >= 0 ? "[" + ip + "]" : ip) + ":9400/metrics");
    }
}
