package dev.pilotlight.http;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Finds the address of a host. The system's resolver may hang for as long as it likes, so it is asked on a thread of its own: one per
 * name, never a second while the first hangs. What was found holds until a connection to it fails.
 */
final class Lookup {
    private final Resolver resolver;
    private final Map<String, InetAddress> known = new ConcurrentHashMap<>();
    private final Map<String, CompletableFuture<InetAddress>> asked = new ConcurrentHashMap<>();

    Lookup(Resolver resolver) {
        this.resolver = resolver;
    }

    static Lookup bySystem() {
        return new Lookup(InetAddress::getByName);
    }

    /** Blocks for as long as it likes. */
    interface Resolver {
        InetAddress address(String host) throws UnknownHostException;
    }

    sealed interface Found {
        record At(InetAddress address) implements Found {}

        record Nowhere(String why) implements Found {}
    }

    Found find(String host, Duration within) {
        Optional<InetAddress> literal = literal(host);
        if (literal.isPresent()) {
            return new Found.At(literal.get());
        }
        InetAddress before = known.get(host);
        return before != null ? new Found.At(before) : ask(host, within);
    }

    /** A connection to it failed: the name may stand for another address by now. */
    void forget(String host) {
        known.remove(host);
    }

    private Found ask(String host, Duration within) {
        CompletableFuture<InetAddress> answer = asked.computeIfAbsent(host, this::begin);
        try {
            InetAddress address = answer.get(within.toNanos(), TimeUnit.NANOSECONDS);
            known.put(host, address);
            return new Found.At(address);
        } catch (TimeoutException hangs) {
            return new Found.Nowhere("the name " + host + " is not resolved within " + within.toMillis()
                    + " ms: see the pod's DNS, or give an address");
        } catch (ExecutionException unknown) {
            return new Found.Nowhere("the name " + host + " is not known here ("
                    + Excerpt.of(String.valueOf(unknown.getCause().getMessage()), 100)
                    + "): correct the URL, or see the pod's DNS");
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return new Found.Nowhere("stopped while the name " + host + " was looked up");
        } finally {
            if (answer.isDone()) {
                asked.remove(host, answer);
            }
        }
    }

    private CompletableFuture<InetAddress> begin(String host) {
        CompletableFuture<InetAddress> answer = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("name-lookup").start(() -> {
            try {
                answer.complete(resolver.address(host));
            } catch (UnknownHostException | RuntimeException | Error unknown) {
                answer.completeExceptionally(unknown);
            }
        });
        return answer;
    }

    private static Optional<InetAddress> literal(String host) {
        try {
            return Optional.of(InetAddress.ofLiteral(
                    host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host));
        } catch (IllegalArgumentException name) {
            return Optional.empty();
        }
    }
}
