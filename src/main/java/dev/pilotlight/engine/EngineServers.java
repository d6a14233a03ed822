package dev.pilotlight.engine;

import dev.pilotlight.http.Http;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/** The servers of the pod: mostly one. Several are read at once, as one engine, and spoken to one by one. Read by one thread. */
public final class EngineServers {
    /**
     * @param client reads it
     * @param requests go there
     */
    public record Server(EngineClient client, Http requests) {}

    private final Supplier<List<URI>> addresses;
    private final IntFunction<Server> connect;
    private final Duration patience;
    /** Grows where more addresses are found, and never shrinks. */
    private volatile List<Server> servers = List.of();

    private volatile List<Part> parts = List.of();

    /**
     * @param addresses of the servers, at least one; those of the own pod become known in time
     * @param connect to that of this number
     * @param patience how long one of several may be silent before that is held against it
     */
    public EngineServers(Supplier<List<URI>> addresses, IntFunction<Server> connect, Duration patience) {
        this.addresses = addresses;
        this.connect = connect;
        this.patience = patience;
        connected(addresses.get().size());
    }

    public EngineReading read(Instant now) {
        List<URI> all = addresses.get();
        List<Server> connected = connected(all.size());
        if (all.size() == 1) {
            parts = List.of();
            return connected.getFirst().client().read(now);
        }
        List<Part> before = parts.size() == all.size() ? parts : begin(all, now);
        List<Part> after = new ArrayList<>();
        List<EngineReading> readings = readings(connected.subList(0, all.size()), now);
        for (int i = 0; i < all.size(); i++) {
            after.add(before.get(i).advance(readings.get(i)));
        }
        parts = List.copyOf(after);
        return Together.read(now, after, patience);
    }

    /** Where a request for a rank goes, by its label; without one to each server. */
    public List<EngineTarget> targets(Optional<String> rank) {
        List<Part> known = parts;
        List<Server> connected = servers;
        List<EngineTarget> targets = new ArrayList<>();
        for (int i = 0; i < known.size(); i++) {
            Part part = known.get(i);
            if (rank.isEmpty() || rank.get().startsWith(part.address() + "/")) {
                boolean hasSeveral = part.numbers()
                        .filter(it -> it.snapshot().ranks().size() > 1)
                        .isPresent();
                targets.add(target(
                        connected.get(i),
                        rank.filter(_ -> hasSeveral)
                                .map(label -> label.substring(part.address().length() + 1)),
                        part.model(Duration.ofDays(1))));
            }
        }
        return targets.isEmpty() ? List.of(target(connected.getFirst(), rank, Optional.empty())) : targets;
    }

    private static EngineTarget target(Server server, Optional<String> rank, Optional<Model> model) {
        return new EngineTarget(server.requests(), rank, model, server.client()::doubtModel);
    }

    private List<Server> connected(int count) {
        if (servers.size() < count) {
            List<Server> more = new ArrayList<>(servers);
            while (more.size() < count) {
                more.add(connect.apply(more.size()));
            }
            servers = List.copyOf(more);
        }
        return servers;
    }

    private static List<Part> begin(List<URI> addresses, Instant now) {
        return addresses.stream()
                .map(address -> Part.begin(address.getRawAuthority(), now))
                .toList();
    }

    private static List<EngineReading> readings(List<Server> servers, Instant now) {
        try (ExecutorService each = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<EngineReading>> asked = servers.stream()
                    .map(server -> each.submit(() -> server.client().read(now)))
                    .toList();
            List<EngineReading> readings = new ArrayList<>();
            for (Future<EngineReading> answer : asked) {
                readings.add(answer.get());
            }
            return readings;
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("stopped while the engine was read", stop);
        } catch (ExecutionException broken) {
            throw new IllegalStateException(broken.getCause());
        }
    }
}
