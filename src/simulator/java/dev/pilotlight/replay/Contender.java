package dev.pilotlight.replay;

import dev.pilotlight.hpa.HorizontalPodAutoscaler;
import dev.pilotlight.hpa.HpaSpec;
import dev.pilotlight.hpa.MetricTarget;
import dev.pilotlight.pool.managed.PoolPolicy;
import java.util.Optional;

/**
 * A policy by its name, to be tried in any scenario.
 *
 * @param kind what it stands for in the comparison
 */
public record Contender(String name, Kind kind, Making making) {
    public enum Kind {
        /** As users write it today. */
        AS_WRITTEN,
        /** The same with its mistakes taken out, and the other ways in use. */
        MENDED,
        FIXED,
        /** Knows the future. */
        ORACLE,
        /** Scales on the product's signals. */
        PILOT_LIGHT
    }

    /** Makes a scaler again for each replay. */
    interface Making {
        Scaler scaler(Scenario scenario);

        default int initial(Scenario scenario) {
            return scenario.initialReplicas();
        }

        /** Where the pool is managed. */
        default Optional<PoolPolicy> pool() {
            return Optional.empty();
        }

        /** Whether the pool's leader decides which pods are on traffic, or only says how many it wants. */
        default boolean isManaged() {
            return true;
        }
    }

    private record FixedFleet(int count) implements Making {
        @Override
        public Scaler scaler(Scenario scenario) {
            return new Scaler.Fixed(count);
        }

        @Override
        public int initial(Scenario scenario) {
            return count;
        }
    }

    private record OverPool(HpaSpec spec, PoolPolicy policy) implements Making {
        @Override
        public Scaler scaler(Scenario scenario) {
            return hpa(spec, scenario);
        }

        @Override
        public int initial(Scenario scenario) {
            return Math.min(scenario.maxReplicas(), kept(scenario.initialReplicas() + policy.standby()));
        }

        /** Of such a demand, by the first of the metrics. */
        private int kept(int demand) {
            return spec.metrics().getFirst() instanceof MetricTarget.PerReplica each
                    ? (int) Math.ceil(1000.0 * demand / each.averageMilli())
                    : demand;
        }

        @Override
        public Optional<PoolPolicy> pool() {
            return Optional.of(policy);
        }
    }

    /** A managed pool, its size set by a HorizontalPodAutoscaler. */
    static Contender pool(String name, HpaSpec spec, PoolPolicy policy) {
        return new Contender(name, Kind.PILOT_LIGHT, new OverPool(spec, policy));
    }

    static Contender fixed(int count) {
        return new Contender("fixed fleet of " + count, Kind.FIXED, new FixedFleet(count));
    }

    /** A pool whose leader says how many pods it wants, within the scenario's bounds. */
    private record Wanted(HpaSpec spec, PoolPolicy policy, boolean isManaged) implements Making {
        @Override
        public Scaler scaler(Scenario scenario) {
            return hpa(spec, scenario);
        }

        @Override
        public int initial(Scenario scenario) {
            return Math.clamp(
                    scenario.initialReplicas() + policy.standby(), scenario.minReplicas(), scenario.maxReplicas());
        }

        @Override
        public Optional<PoolPolicy> pool() {
            return Optional.of(policy);
        }
    }

    static Contender wanted(String name, HpaSpec spec, PoolPolicy policy, boolean isManaged) {
        return new Contender(name, Kind.PILOT_LIGHT, new Wanted(spec, policy, isManaged));
    }

    /** A HorizontalPodAutoscaler, within the scenario's bounds. */
    static Contender hpa(String name, Kind kind, HpaSpec spec) {
        return new Contender(name, kind, scenario -> hpa(spec, scenario));
    }

    private static Scaler hpa(HpaSpec spec, Scenario scenario) {
        return new Scaler.Hpa(
                new HorizontalPodAutoscaler(spec.withReplicas(scenario.minReplicas(), scenario.maxReplicas())));
    }
}
