package dev.pilotlight.vllmpod;

import dev.pilotlight.range.Range;
import dev.pilotlight.vllmpod.Environment.SecretKey;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * What the arguments of a vLLM server say, so that it need not be configured twice. Whatever is not understood is left out.
 *
 * @param port that it listens on; empty where that cannot be known from the pod's spec
 * @param maxNumSeqs the limit of its batch, per data-parallel rank: the lesser of {@code --max-num-seqs} and
 *     {@code --max-num-active-seqs} (vLLM 0.32)
 * @param servedModel the first name that the model is served under
 * @param access what it takes to reach it
 * @param ranks how it spreads over data-parallel ranks
 */
public record VllmArguments(
        OptionalInt port, OptionalInt maxNumSeqs, Optional<String> servedModel, Access access, Ranks ranks) {
    public static final int DEFAULT_PORT = 8000;

    /** Of a container whose arguments say nothing. */
    public static final VllmArguments NONE =
            new VllmArguments(OptionalInt.empty(), OptionalInt.empty(), Optional.empty(), Access.PLAIN, Ranks.NONE);

    /**
     * @param tls it speaks TLS
     * @param socket it listens on a Unix socket
     * @param elsewhere the address that it binds, where 127.0.0.1 does not reach it
     * @param key what it asks of requests to {@code /v1}
     */
    public record Access(boolean tls, boolean socket, Optional<String> elsewhere, ApiKey key) {
        static final Access PLAIN = new Access(false, false, Optional.empty(), new ApiKey.None());
    }

    /** The API key of a server. */
    public sealed interface ApiKey {
        record None() implements ApiKey {}

        record InSecret(SecretKey from) implements ApiKey {}

        /** It stands in the pod's spec, or comes from where it cannot be given to another container. */
        record Elsewhere() implements ApiKey {}
    }

    /**
     * @param ownPorts each rank of this pod is a server of its own, on the ports from {@code port} on
     *     ({@code --data-parallel-multi-port-external-lb}, vLLM 0.32)
     * @param local how many there are in this pod ({@code --data-parallel-size-local})
     * @param apiServers processes that answer on one port ({@code --api-server-count})
     */
    public record Ranks(boolean ownPorts, OptionalInt local, OptionalInt apiServers) {
        static final Ranks NONE = new Ranks(false, OptionalInt.empty(), OptionalInt.empty());
    }

    /**
     * @param branches the arguments of each server that a container may start: where they differ, a port is none
     * @param environment where it may have its key from
     */
    static VllmArguments of(List<Flags> branches, Environment environment) {
        Flags first = branches.getFirst();
        List<OptionalInt> ports = branches.stream().map(Flags::port).distinct().toList();
        return new VllmArguments(
                ports.size() == 1 ? ports.getFirst() : OptionalInt.empty(),
                least(first.number("max-num-seqs", Range.SLOTS), first.number("max-num-active-seqs", Range.SLOTS)),
                first.known("served-model-name").or(() -> first.known("model")).or(first::model),
                new Access(
                        branches.stream().anyMatch(it -> it.has("ssl-certfile") || it.has("ssl-keyfile")),
                        branches.stream().anyMatch(it -> it.has("uds")),
                        branches.stream().flatMap(it -> it.elsewhere().stream()).findFirst(),
                        first.key(environment)),
                new Ranks(
                        first.has("data-parallel-multi-port-external-lb"),
                        first.number("data-parallel-size-local", Range.SLOTS),
                        first.number("api-server-count", Range.SLOTS)));
    }

    private static OptionalInt least(OptionalInt one, OptionalInt other) {
        return Stream.of(one, other)
                .filter(OptionalInt::isPresent)
                .mapToInt(OptionalInt::getAsInt)
                .min();
    }
}
