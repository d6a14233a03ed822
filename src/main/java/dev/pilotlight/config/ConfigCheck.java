package dev.pilotlight.config;

import dev.pilotlight.cluster.EngineAddress;
import dev.pilotlight.http.Redacted;
import dev.pilotlight.http.Secret;
import dev.pilotlight.http.TlsFiles;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** What settings ask of each other. */
public final class ConfigCheck {
    /** 0.0.0.0 leads there, too. */
    private static final Pattern LOOPBACK =
            Pattern.compile("localhost|127\\.[0-9.]+|0\\.0\\.0\\.0|\\[::1?]", Pattern.CASE_INSENSITIVE);

    private final List<String> problems = new ArrayList<>();

    private ConfigCheck() {}

    /** What {@link SettingsTable} allows each by itself, but not beside the others; without those that are wrong by themselves. */
    static List<String> problems(PilotlightConfig config) {
        ConfigCheck check = new ConfigCheck();
        check.engine(config.engine());
        check.warmUp(config.warmUp());
        check.liveness(config.liveness());
        check.drain(config.drain());
        check.kube(config.kube());
        check.scale(config);
        check.mark(config.mark());
        check.together(config);
        Policies.gpu(config).problems().forEach(problem -> check.problems.add(problem.line()));
        return List.copyOf(check.problems);
    }

    private void engine(EngineConfig engine) {
        addresses(engine);
        Duration least = engine.pollEvery().multipliedBy(2);
        engine.staleAfter()
                .filter(stale -> stale.compareTo(least) < 0)
                .ifPresent(stale -> bad(
                        "pilotlight.engine.stale-after",
                        shown(stale),
                        "with pilotlight.engine.poll-every=" + shown(engine.pollEvery()) + " give at least "
                                + shown(least)));
        problems.addAll(TlsFiles.problems(tls(engine)));
        engine.apiKey().flatMap(Secret::problem).ifPresent(why -> bad("pilotlight.engine.api-key", "***", why));
        if (engine.apiKey().isPresent() && engine.apiKeyFile().isPresent()) {
            problems.add(
                    "pilotlight.engine.api-key and pilotlight.engine.api-key-file: are both set; give one of them");
        }
        URI url = engineUrls(engine).stream().findFirst().orElse(EngineAddress.DEFAULT);
        if (engineUrls(engine).stream().noneMatch(each -> "https".equals(each.getScheme()))) {
            engine.caFile().ifPresent(file -> useless("pilotlight.engine.ca-file", file, url));
            engine.clientCertFile().ifPresent(file -> useless("pilotlight.engine.client-cert-file", file, url));
        }
    }

    private void addresses(EngineConfig engine) {
        List<URI> urls = engineUrls(engine);
        String setting = engine.urls().isPresent() ? "pilotlight.engine.urls" : "pilotlight.engine.url";
        if (urls.stream().anyMatch(url -> url.getRawUserInfo() != null || url.getRawQuery() != null)) {
            problems.add(setting + ": has a user or a query in it; give only scheme, host, port and path,"
                    + " and the API key by pilotlight.engine.api-key or api-key-file");
        }
        if (engine.url().isPresent() && engine.urls().isPresent()) {
            problems.add("pilotlight.engine.url and pilotlight.engine.urls: are both set; give one of them");
        }
        if (urls.stream().map(URI::getRawAuthority).distinct().count() < urls.size()) {
            bad(setting, urls, "give each host and port once");
        }
    }

    /** An engine at the sidecar's own address: it would watch itself. */
    static List<String> atOwnPort(EngineConfig engine, String ownPort) {
        String setting = engine.urls().isPresent() ? "pilotlight.engine.urls" : "pilotlight.engine.url";
        return engineUrls(engine).stream()
                .filter(url -> Integer.toString(url.getPort()).equals(ownPort)
                        && LOOPBACK.matcher(url.getHost()).matches())
                .map(url -> SettingsCheck.line(
                        setting,
                        Redacted.url(url),
                        "is the sidecar's own port (quarkus.http.port); give the address where vLLM listens, such as "
                                + EngineAddress.DEFAULT))
                .toList();
    }

    /** The addresses that are set; none where they are to be found. */
    public static List<URI> engineUrls(EngineConfig engine) {
        return engine.urls().orElse(engine.url().stream().toList());
    }

    private void useless(String setting, Path file, URI url) {
        bad(
                setting,
                file,
                "it is of no use with pilotlight.engine.url=" + Redacted.url(url)
                        + "; give an https URL or leave it out");
    }

    /** The files for an https engine. */
    public static TlsFiles.Named tls(EngineConfig engine) {
        return new TlsFiles.Named(
                "pilotlight.engine", engine.caFile(), engine.clientCertFile(), engine.clientKeyFile());
    }

    private void kube(PilotlightConfig.Kube kube) {
        if (kube.url()
                .filter(url -> url.getRawUserInfo() != null || url.getRawQuery() != null)
                .isPresent()) {
            problems.add("pilotlight.kube.url: has a user or a query in it; give https://host:port, and the token by"
                    + " pilotlight.kube.token-file");
        }
        problems.addAll(TlsFiles.problems(
                new TlsFiles.Named("pilotlight.kube", kube.caFile(), Optional.empty(), Optional.empty())));
    }

    private void liveness(PilotlightConfig.Liveness liveness) {
        liveness.longestStep()
                .filter(step -> step.compareTo(liveness.stuckAfter()) < 0)
                .ifPresent(step -> bad(
                        "pilotlight.liveness.longest-step",
                        shown(step),
                        "give at least pilotlight.liveness.stuck-after=" + shown(liveness.stuckAfter())));
    }

    private void scale(PilotlightConfig config) {
        PilotlightConfig.Scale scale = config.scale();
        scale.maxPods().ifPresent(most -> {
            if (most < scale.minPods()) {
                bad("pilotlight.scale.max-pods", most, "give at least pilotlight.scale.min-pods=" + scale.minPods());
            }
            if (config.pool().name().isEmpty() || config.pod().name().isEmpty()) {
                bad(
                        "pilotlight.scale.max-pods",
                        most,
                        "needs a pool that has a leader; give pilotlight.pool.name, the same for all its pods,"
                                + " and POD_NAME and POD_NAMESPACE by the downward API");
            }
        });
    }

    private void warmUp(PilotlightConfig.WarmUp warmUp) {
        warmUp.requests().ifPresent(json -> problems.addAll(WarmUpRequests.problems(json)));
        if (warmUp.retryAfter().compareTo(warmUp.budget()) > 0) {
            bad(
                    "pilotlight.warm-up.retry-after",
                    shown(warmUp.retryAfter()),
                    "give at most pilotlight.warm-up.budget=" + shown(warmUp.budget()));
        }
    }

    private void drain(PilotlightConfig.Drain drain) {
        drain.deadline()
                .filter(deadline -> deadline.compareTo(drain.settle()) < 0)
                .ifPresent(deadline -> bad(
                        "pilotlight.drain.deadline",
                        shown(deadline),
                        "give at least pilotlight.drain.settle=" + shown(drain.settle())));
    }

    private void mark(MetadataConfig mark) {
        if (mark.workingFrom() >= mark.fullFrom()) {
            bad(
                    "pilotlight.mark.working-from",
                    mark.workingFrom(),
                    "give less than pilotlight.mark.full-from=" + mark.fullFrom());
        }
    }

    private void together(PilotlightConfig config) {
        if (config.pod().name().isPresent() != config.pod().namespace().isPresent()) {
            problems.add("pilotlight.pod.name and pilotlight.pod.namespace: go together;"
                    + " give both by the downward API, or neither");
        }
        PoolConfig pool = config.pool();
        if (pool.mode() == PilotlightConfig.PoolMode.MANAGED) {
            if (pool.name().isEmpty()) {
                bad("pilotlight.pool.mode", "managed", "needs pilotlight.pool.name, the same for all pods of the pool");
            }
            if (config.pod().name().isEmpty()) {
                bad(
                        "pilotlight.pool.mode",
                        "managed",
                        "needs the pod's name and namespace; give POD_NAME and POD_NAMESPACE by the downward API");
            }
            if (!config.mark().enabled()) {
                bad("pilotlight.mark.enabled", false, "a managed pool works by the role label; leave it on");
            }
        }
        if (config.injector().enabled() && config.injector().image().isEmpty()) {
            problems.add("pilotlight.injector.image: is not set; name the sidecar's image as docker pull takes it");
        }
        if (pool.demoteAt() >= pool.promoteAt()) {
            bad(
                    "pilotlight.pool.demote-at",
                    pool.demoteAt(),
                    "give less than pilotlight.pool.promote-at=" + pool.promoteAt());
        }
    }

    private void bad(String setting, Object value, String fix) {
        problems.add(SettingsCheck.line(setting, String.valueOf(value), fix));
    }

    /** As it is written in a setting: 1s, 100ms, 30m, 1h. */
    static String shown(Duration value) {
        long millis = value.toMillis();
        if (millis % 1000 != 0) {
            return millis + "ms";
        }
        long seconds = millis / 1000;
        if (seconds == 0 || seconds % 60 != 0) {
            return seconds + "s";
        }
        return seconds % 3600 == 0 ? seconds / 3600 + "h" : seconds / 60 + "m";
    }
}
