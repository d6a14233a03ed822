package dev.pilotlight.loop;

import io.quarkus.scheduler.Scheduled;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/** Says once a minute that the loop stands still, which it cannot say of itself. */
@Singleton
final class LoopWatch {
    private static final Logger LOG = Logger.getLogger("pilotlight");

    /** Then there is no loop to turn. */
    private final boolean injector;

    private final ControlLoop loop;
    private final SteadyClock clock;

    LoopWatch(
            ControlLoop loop,
            SteadyClock clock,
            @ConfigProperty(name = "pilotlight.injector.enabled", defaultValue = "false") boolean injector) {
        this.injector = injector;
        this.loop = loop;
        this.clock = clock;
    }

    @Scheduled(every = "60s", delayed = "60s")
    void look() {
        if (!injector) {
            loop.standstill(clock.now())
                    .ifPresent(why ->
                            LOG.errorf("%s; signals are withheld, and /q/health/live has the sidecar restarted", why));
        }
    }
}
