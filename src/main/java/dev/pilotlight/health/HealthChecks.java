package dev.pilotlight.health;

import dev.pilotlight.config.PilotlightConfig;
import dev.pilotlight.inject.Webhook;
import dev.pilotlight.loop.ControlLoop;
import dev.pilotlight.loop.SteadyClock;
import io.smallrye.health.api.HealthGroup;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;
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

    private final Instance<Webhook> webhook;

    private final boolean injector;
    private final Instance<ControlLoop> loop;
    private final SteadyClock clock;

    HealthChecks(PilotlightConfig config, Instance<Webhook> webhook, Instance<ControlLoop> loop, SteadyClock clock) {
        this.webhook = webhook;
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
                        : loop.get()
                                .standstill(clock.now())
                                .map(why -> Verdict.no(why + ": restart the sidecar"))
                                .orElse(Verdict.yes("the loop turns")));
    }

    @Produces
    @Readiness
    HealthCheck ready() {
        return () -> answer(
                "ready",
                injector ? injects() : HealthRules.ready(loop.get().board().picture(), clock.now()));
    }

    private Verdict injects() {
        String reason = webhook.get().reason();
        return webhook.get().isReady() ? Verdict.yes(reason) : Verdict.no(reason);
    }

    @Produces
    @HealthGroup("engine")
    HealthCheck engine() {
        return () -> answer(
                "engine",
                injector ? INJECTS : HealthRules.engine(loop.get().board().picture()));
    }

    private static HealthCheckResponse answer(String name, Verdict verdict) {
        return HealthCheckResponse.named(name)
                .status(verdict.up())
                .withData("reason", verdict.reason())
                .build();
    }
}
