package dev.pilotlight.api;

import dev.pilotlight.loop.SteadyClock;
import io.vertx.core.Handler;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Notes when somebody outside of this pod last asked for what an autoscaler goes by: that nobody does is shown nowhere else. */
@Singleton
public final class Scrapes implements Handler<RoutingContext> {
    public static final List<String> PATHS = List.of("/metrics", "/q/metrics", "/api/v1/signals");

    private final SteadyClock clock;
    private volatile Optional<Instant> last = Optional.empty();

    Scrapes(SteadyClock clock) {
        this.clock = clock;
    }

    @Override
    public void handle(RoutingContext context) {
        SocketAddress from = context.request().remoteAddress();
        if (from != null && !isThisPod(from.hostAddress())) {
            last = Optional.of(clock.now());
        }
        context.next();
    }

    private static boolean isThisPod(String address) {
        return address == null
                || address.startsWith("127.")
                || address.equals("::1")
                || address.equals("0:0:0:0:0:0:0:1");
    }

    Optional<Instant> last() {
        return last;
    }
}
