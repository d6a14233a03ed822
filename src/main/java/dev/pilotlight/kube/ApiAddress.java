package dev.pilotlight.kube;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the API server is, and what it takes to talk to it. Both files are read again when they change: the kubelet renews a pod's token
 * every hour, and a cluster may change its authority.
 *
 * @param url of the API server, such as {@code https://10.96.0.1:443}
 * @param tokenFile holds the bearer token; empty to show none
 * @param caFile holds the authorities to trust, PEM; empty for those of the system
 */
public record ApiAddress(URI url, Optional<Path> tokenFile, Optional<Path> caFile) {
    /**
     * Of the pod that this process runs in.
     *
     * @param host as the kubelet says in KUBERNETES_SERVICE_HOST; may be an IPv6 address
     * @param port as it says in KUBERNETES_SERVICE_PORT
     */
    public static URI inCluster(String host, String port) {
        return URI.create("https://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port);
    }
}
