package dev.pilotlight.loop;

import org.jboss.logging.Logger;

/** Says that the loop stands still, which it cannot say of itself. */
public final class LoopWatch {
    private static final Logger LOG = Logger.getLogger("pilotlight");

    private final ControlLoop loop;
    private final SteadyClock clock;

    public LoopWatch(ControlLoop loop, SteadyClock clock) {
        this.loop = loop;
        this.clock = clock;
    }

    /** To be called now and then by a thread that is not the loop's. */
    public void look() {
        loop.standstill(clock.now())
                .ifPresent(why ->
                        LOG.errorf("%s; signals are withheld, and /q/health/live has the sidecar restarted", why));
    }
}
