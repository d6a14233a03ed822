package dev.pilotlight.config;

import dev.pilotlight.drain.DrainPolicy;
import dev.pilotlight.gpu.GpuSettings;
import dev.pilotlight.gpu.GpuSettingsCheck;
import dev.pilotlight.lifecycle.LivenessPolicy;
import dev.pilotlight.lifecycle.Shape;
import dev.pilotlight.lifecycle.WarmUpPolicy;
import dev.pilotlight.loop.Policy;
import dev.pilotlight.pod.metadata.MetadataPolicy;
import dev.pilotlight.pool.managed.PoolPolicy;
import dev.pilotlight.pool.managed.ScalePolicy;
import dev.pilotlight.pool.role.RolePolicy;
import dev.pilotlight.signal.SignalPolicy;
import java.time.Duration;
import java.util.List;

/** What the parts of the core go by, from the settings. */
public final class Policies {
    private static final Duration LEAST_STALE = Duration.ofSeconds(10);

    private Policies() {}

    /** The GPU's settings, and what is wrong with them. */
    public static GpuSettingsCheck.Checked gpu(PilotlightConfig config) {
        PilotlightConfig.Gpu gpu = config.gpu();
        return GpuSettingsCheck.check(new GpuSettingsCheck.Written(
                gpu.source(),
                gpu.dcgmUrl().or(() -> GpuSettings.nodeExporter(config.pod().hostIp())),
                gpu.uuids().orElse(List.of()),
                gpu.fatalXids().map(text -> List.of(text.split(","))),
                gpu.onFault(),
                gpu.nvmlLibrary()));
    }

    /** What the core goes by. */
    public static Policy policy(PilotlightConfig config) {
        return new Policy(
                new LivenessPolicy(
                        config.liveness().deadAfter(),
                        config.liveness().stuckAfter(),
                        config.liveness().heartbeatEvery(),
                        config.liveness().startDeadline(),
                        config.liveness().longestStep(),
                        config.liveness().onErrors() == PilotlightConfig.OnErrors.FAIL),
                new WarmUpPolicy(
                        config.warmUp().requests().map(WarmUpRequests::shapes).orElse(Shape.DEFAULT),
                        config.warmUp().steadyWithin(),
                        config.warmUp().maxRounds(),
                        config.warmUp().budget(),
                        config.warmUp().retryAfter(),
                        config.warmUp().onFailure() == PilotlightConfig.OnFailure.PROCEED),
                new SignalPolicy(
                        config.signal().targetLoad(),
                        config.engine().maxNumSeqs(),
                        config.signal().ttftSlo(),
                        config.signal().itlSlo(),
                        config.signal().drainTime(),
                        config.signal().forecastHorizon()),
                new DrainPolicy(config.drain().settle()),
                gpu(config).settings().policy(),
                staleAfter(config.engine()),
                config.gpu().pollEvery().multipliedBy(3).plus(LEAST_STALE),
                role(config),
                new MetadataPolicy(
                        config.mark().enabled(),
                        config.pool().name(),
                        new MetadataPolicy.Costs(
                                config.mark().costStandby(),
                                config.mark().costIdle(),
                                config.mark().costWorking(),
                                config.mark().costFull()),
                        config.mark().workingFrom(),
                        config.mark().fullFrom(),
                        config.mark().costHold()));
    }

    private static RolePolicy role(PilotlightConfig config) {
        PoolConfig pool = config.pool();
        return switch (pool.mode()) {
            case OBSERVE -> new RolePolicy.Observe(pool.standbyAfter());
            case MANAGED ->
                new RolePolicy.Managed(config.pod().name().orElseThrow(), pool.orphanAfter(), pool.standbyAfter());
        };
    }

    /** How the pool is run, where it has a leader. */
    public static PoolPolicy pool(PilotlightConfig config) {
        PoolConfig pool = config.pool();
        PoolPolicy policy = new PoolPolicy(
                pool.minActive(),
                pool.standby(),
                config.signal().targetLoad(),
                pool.promoteAt(),
                pool.demoteAt(),
                pool.demoteAfter());
        PilotlightConfig.Scale scale = config.scale();
        return scale.maxPods().isEmpty()
                ? policy
                : policy.withScale(new ScalePolicy(
                        scale.minPods(),
                        scale.maxPods().getAsInt(),
                        scale.reserve(),
                        scale.risk(),
                        scale.predictive(),
                        config.signal().forecastHorizon()));
    }

    private static Duration staleAfter(EngineConfig engine) {
        Duration thrice = engine.pollEvery().multipliedBy(3);
        return engine.staleAfter().orElse(thrice.compareTo(LEAST_STALE) > 0 ? thrice : LEAST_STALE);
    }
}
