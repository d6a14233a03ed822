package dev.pilotlight.http;

import dev.pilotlight.http.Http.Answer;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * Finds the address of a host. The system's resolver may hang for as long as it likes, so it is asked on a thread of its own: one per
 * name, never a second while the first hangs. What was found holds until a connection to it fails.
 */
final class Lookup {
    private final Resolver resolver;
    /** Pods of a pool come and go, each with an address of its own. */
    private static final int MOST_KNOWN = 1_000;

    private final Map<String, List<InetAddress>> known = new ConcurrentHashMap<>();
    private final Map<String, CompletableFuture<List<InetAddress>>> asked = new ConcurrentHashMap<>();

    Lookup(Resolver resolver) {
        this.resolver = resolver;
    }

    static Lookup bySystem() {
        return new Lookup(host -> usable(List.of(InetAddress.getAllByName(host))));
    }

    /**
     * All that mean this machine: localhost is 127.0.0.1 and ::1, and a server may listen at either. Of others the first: the rest may
     * be other servers.
     */
    static List<InetAddress> usable(List<InetAddress> all) {
        return all.getFirst().isLoopbackAddress()
                ? all.stream().filter(InetAddress::isLoopbackAddress).toList()
                : List.of(all.getFirst());
    }

    /** Blocks for as long as it likes. */
    interface Resolver {
        List<InetAddress> addresses(String host) throws UnknownHostException;
    }

    sealed interface Found {
        /** @param addresses to be tried in this order, while nothing listens */
        record At(List<InetAddress> addresses) implements Found {}

        record Nowhere(String why) implements Found {}
    }

    /** Sends a request to one address after the other while nothing listens: where nothing listens nothing was sent. */
    Answer tryEach(String host, Duration within, Function<InetAddress, Answer> request) {
        return switch (find(host, within)) {
            case Found.Nowhere(String why) -> new Answer.Lost(Cause.NAME, why);
            case Found.At(List<InetAddress> addresses) -> {
                Answer first = request.apply(addresses.getFirst());
                yield isLost(first, Cause.REFUSED)
                        ? elsewhere(host, addresses, request).orElse(first)
                        : first;
            }
        };
    }

    /** Where IPv6 is switched off, ::1 cannot be reached at all: that says nothing, and the first one's refusal stands. */
    private Optional<Answer> elsewhere(
            String host, List<InetAddress> addresses, Function<InetAddress, Answer> request) {
        for (InetAddress address : addresses.subList(1, addresses.size())) {
            Answer answer = request.apply(address);
            if (!isLost(answer, Cause.REFUSED) && !isLost(answer, Cause.BROKEN)) {
                known.put(host, List.of(address));
                return Optional.of(answer);
            }
        }
        return Optional.empty();
    }

    private static boolean isLost(Answer answer, Cause cause) {
        return answer instanceof Answer.Lost lost && lost.cause() == cause;
    }

    Found find(String host, Duration within) {
        List<InetAddress> before = known.get(host);
        if (before != null) {
            return new Found.At(before);
        }
        Optional<InetAddress> literal = literal(host);
        if (literal.isPresent()) {
            List<InetAddress> itself = List.of(literal.get());
            if (known.size() < MOST_KNOWN) {
                known.put(host, itself);
            }
            return new Found.At(itself);
        }
        return ask(host, within);
    }

    /** A connection to it failed: the name may stand for another address by now. */
    void forget(String host) {
        known.remove(host);
    }

    private Found ask(String host, Duration within) {
        CompletableFuture<List<InetAddress>> answer = asked.computeIfAbsent(host, this::begin);
        try {
            List<InetAddress> addresses = answer.get(within.toNanos(), TimeUnit.NANOSECONDS);
            known.put(host, addresses);
            return new Found.At(addresses);
        } catch (TimeoutException hangs) {
            return new Found.Nowhere("the name " + host + " is not resolved within " + within.toMillis()
                    + " ms: see the pod's DNS, or give an address");
        } catch (ExecutionException unknown) {
            return new Found.Nowhere("the name " + host + " is not known here ("
                    + Excerpt.of(Causes.words(unknown.getCause()), 100)
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

    private CompletableFuture<List<InetAddress>> begin(String host) {
        CompletableFuture<List<InetAddress>> answer = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("name-lookup").start(() -> {
            try {
                answer.complete(resolver.addresses(host));
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
