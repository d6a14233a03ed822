package dev.pilotlight.health;

import dev.pilotlight.config.PilotlightConfig;
import dev.pilotlight.loop.ControlLoop;
import dev.pilotlight.loop.SteadyClock;
import io.smallrye.health.api.HealthGroup;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;
import org.eclipse.microprofile.health.Startup;

/** The probes' endpoints: translates verdicts, and decides nothing. */
@ApplicationScoped
final class HealthChecks {
    private static final Verdict INJECTS = Verdict.yes("this process injects sidecars and watches no engine");

    private final boolean injector;
    private final ControlLoop loop;
    private final SteadyClock clock;

    HealthChecks(PilotlightConfig config, ControlLoop loop, SteadyClock clock) {
        this.injector = config.injector().enabled();
        this.loop = loop;
        this.clock = clock;
    }

    @Produces
    @Startup
    HealthCheck started() {
        return () -> HealthCheckResponse.up("sidecar");
    }

    @Produces
    @Liveness
    HealthCheck live() {
        return () -> answer(
                "sidecar",
                injector
                        ? INJECTS
                        : loop.standstill(clock.now())
                                .map(why -> Verdict.no(why + ": restart the sidecar"))
                                .orElse(Verdict.yes("the loop turns")));
    }

    @Produces
    @Readiness
    HealthCheck ready() {
        return () -> answer(
                "ready", injector ? INJECTS : HealthRules.ready(loop.board().picture(), clock.now()));
    }

    @Produces
    @HealthGroup("engine")
    HealthCheck engine() {
        return () -> answer(
                "engine", injector ? INJECTS : HealthRules.engine(loop.board().picture()));
    }

    private static HealthCheckResponse answer(String name, Verdict verdict) {
        return HealthCheckResponse.named(name)
                .status(verdict.up())
                .withData("reason", verdict.reason())
                .build();
    }
}
