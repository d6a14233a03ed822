package dev.pilotlight.cluster;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pilotlight.process.Said;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Addresses of this machine alone that are not of loopback's network, which an EndpointSlice does not take: a /24 of those that are for
 * benchmarks (RFC 2544). Routing them to this machine takes root; skips the test without.
 */
final class LocalAddresses implements Supplier<String>, AutoCloseable {
    private final AtomicInteger last = new AtomicInteger();
    /** Of this process, so that two runs on one machine do not meet. */
    private final String network = "198.18." + ProcessHandle.current().pid() % 250 + ".";

    LocalAddresses() {
        Said said = route("replace");
        assumeTrue(said.code() == 0, "pods in an EndpointSlice need a route, and that needs root: " + said.output());
    }

    private Said route(String verb) {
        return Said.by(new ProcessBuilder("ip", "route", verb, "local", network + "0/24", "dev", "lo"));
    }

    @Override
    public String get() {
        return network + last.incrementAndGet();
    }

    @Override
    public void close() {
        route("delete").orFail();
    }
}
