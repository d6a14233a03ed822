package dev.pilotlight.cluster;

import dev.pilotlight.pod.OwnPod;
import dev.pilotlight.pod.VllmContainer;
import dev.pilotlight.vllmpod.VllmArguments;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Where the engine listens: as configured; else at the address and the ports of the vLLM container in the own pod; else at vLLM's default. */
public final class EngineAddress {
    private static final String LOOPBACK = "127.0.0.1";
    /** Where vLLM listens if nobody says anything. */
    public static final URI DEFAULT = at(LOOPBACK, VllmArguments.DEFAULT_PORT);
    /** More ranks than a pod has GPUs. */
    private static final int MOST = 64;

    private EngineAddress() {}

    /** What is set is never overridden by what is found, not even where it is what the default would be. */
    public static URI of(Optional<URI> configured, ClusterView cluster) {
        return all(configured.stream().toList(), cluster).getFirst();
    }

    /** One, or those of several servers of the pod: ranks with ports of their own listen one above the other. */
    public static List<URI> all(List<URI> configured, ClusterView cluster) {
        return configured.isEmpty()
                ? cluster.ownPod()
                        .flatMap(OwnPod::vllm)
                        .map(EngineAddress::found)
                        .orElse(List.of(DEFAULT))
                : configured;
    }

    private static List<URI> found(VllmContainer vllm) {
        VllmArguments arguments = vllm.arguments();
        int servers = arguments.ranks().ownPorts()
                ? Math.clamp(arguments.ranks().local().orElse(1), 1, MOST)
                : 1;
        int first = arguments.port().orElse(VllmArguments.DEFAULT_PORT);
        return IntStream.range(first, first + servers)
                .mapToObj(port -> at(vllm.address().orElse(LOOPBACK), port))
                .toList();
    }

    private static URI at(String address, int port) {
        return URI.create("http://" + address + ":" + port);
    }
}
