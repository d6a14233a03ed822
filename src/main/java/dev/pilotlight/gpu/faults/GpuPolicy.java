package dev.pilotlight.gpu.faults;

import dev.pilotlight.gpu.readings.Xid;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which faults count and what they do.
 *
 * @param onFault for every kind of fault; where absent, each kind does its own default
 */
public record GpuPolicy(Set<Integer> fatalXids, Optional<OnFault> onFault) {
    public static final GpuPolicy DEFAULT = new GpuPolicy(Xid.FATAL_BY_DEFAULT, Optional.empty());

    public GpuPolicy {
        fatalXids = java.util.Collections.unmodifiableSortedSet(new TreeSet<>(fatalXids));
    }

    OnFault on(GpuFault.Kind kind) {
        return onFault.orElse(kind.byDefault());
    }
}
