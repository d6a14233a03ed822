package dev.pilotlight.config;

import dev.pilotlight.cluster.EngineAddress;
import dev.pilotlight.drain.DrainPolicy;
import dev.pilotlight.gpu.GpuSettings;
import dev.pilotlight.gpu.GpuSettingsCheck;
import dev.pilotlight.http.Redacted;
import dev.pilotlight.http.Secret;
import dev.pilotlight.http.TlsFiles;
import dev.pilotlight.lifecycle.LivenessPolicy;
import dev.pilotlight.lifecycle.Shape;
import dev.pilotlight.lifecycle.WarmUpPolicy;
import dev.pilotlight.loop.Policy;
import dev.pilotlight.mark.MarkPolicy;
import dev.pilotlight.pool.PoolPolicy;
import dev.pilotlight.pool.RolePolicy;
import dev.pilotlight.pool.ScalePolicy;
import dev.pilotlight.signal.SignalPolicy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/** Finds every setting that cannot be, all at once: each with its value and the mend. */
public final class ConfigCheck {
    private static final Duration LEAST_STALE = Duration.ofSeconds(10);

    /** Lease and ConfigMap are named for it, and so is a label's value. */
    private static final Pattern POOL_NAME = Pattern.compile("[a-z0-9]([-a-z0-9]{0,43}[a-z0-9])?");

    private final List<String> problems = new ArrayList<>();

    private ConfigCheck() {}

    public static List<String> problems(PilotlightConfig config) {
        ConfigCheck check = new ConfigCheck();
        check.engine(config.engine());
        check.rest(config);
        check.between(
                "pilotlight.gpu.poll-every", config.gpu().pollEvery(), Duration.ofSeconds(1), Duration.ofMinutes(10));
        gpu(config).problems().forEach(problem -> check.problems.add(problem.line()));
        return List.copyOf(check.problems);
    }

    private void engine(PilotlightConfig.Engine engine) {
        URI url = engine.url().orElse(EngineAddress.DEFAULT);
        String scheme = url.getScheme();
        if (!"http".equals(scheme) && !"https".equals(scheme) || url.getHost() == null) {
            bad("pilotlight.engine.url", Redacted.url(url), "give http://host:port or https://host:port");
        }
        if (url.getRawUserInfo() != null || url.getRawQuery() != null) {
            problems.add("pilotlight.engine.url has a user or a query in it; give only scheme, host, port and path,"
                    + " and the API key by pilotlight.engine.api-key or api-key-file");
        }
        between("pilotlight.engine.poll-every", engine.pollEvery(), Duration.ofMillis(100), Duration.ofSeconds(60));
        between("pilotlight.engine.timeout", engine.timeout(), Duration.ofMillis(50), Duration.ofSeconds(60));
        Duration least = engine.pollEvery().multipliedBy(2);
        engine.staleAfter()
                .filter(stale -> stale.compareTo(least) < 0)
                .ifPresent(stale -> bad(
                        "pilotlight.engine.stale-after",
                        shown(stale),
                        "with pilotlight.engine.poll-every=" + shown(engine.pollEvery()) + " give at least "
                                + shown(least)));
        problems.addAll(TlsFiles.problems(tls(engine)));
        engine.apiKeyFile()
                .flatMap(file -> Secret.problem(file).map(why -> "pilotlight.engine.api-key-file=" + file + ": " + why))
                .ifPresent(problems::add);
        engine.apiKey()
                .flatMap(Secret::problem)
                .map(why -> "pilotlight.engine.api-key: " + why)
                .ifPresent(problems::add);
        if (engine.apiKey().isPresent() && engine.apiKeyFile().isPresent()) {
            problems.add("pilotlight.engine.api-key and pilotlight.engine.api-key-file are both set: give one of them");
        }
        if ("http".equals(scheme)) {
            engine.caFile().ifPresent(file -> useless("pilotlight.engine.ca-file", file, url));
            engine.clientCertFile().ifPresent(file -> useless("pilotlight.engine.client-cert-file", file, url));
        }
        OptionalInt slots = engine.maxNumSeqs();
        if (slots.isPresent() && slots.getAsInt() < 1) {
            bad("pilotlight.engine.max-num-seqs", slots.getAsInt(), "give the number that vLLM runs with, 1 or more");
        }
        between("pilotlight.engine.max-page-bytes", engine.maxPageBytes(), 64L << 10, 1L << 30);
        between("pilotlight.engine.max-series", engine.maxSeries(), 100, 1_000_000);
    }

    private void kube(PilotlightConfig.Kube kube) {
        kube.url()
                .filter(url -> !"http".equals(url.getScheme()) && !"https".equals(url.getScheme())
                        || url.getHost() == null
                        || url.getRawUserInfo() != null
                        || url.getRawQuery() != null)
                .ifPresent(
                        url -> problems.add("pilotlight.kube.url names no server: give https://host:port, or leave it"
                                + " out inside a pod; the token goes into pilotlight.kube.token-file"));
        file("pilotlight.kube.token-file", kube.tokenFile());
        file("pilotlight.kube.ca-file", kube.caFile());
    }

    private void useless(String setting, Path file, URI url) {
        bad(
                setting,
                file,
                "it is of no use with pilotlight.engine.url=" + Redacted.url(url)
                        + "; give an https URL or leave it out");
    }

    /** The files for an https engine. */
    public static TlsFiles.Named tls(PilotlightConfig.Engine engine) {
        return new TlsFiles.Named(
                "pilotlight.engine", engine.caFile(), engine.clientCertFile(), engine.clientKeyFile());
    }

    private void rest(PilotlightConfig config) {
        config.warmUp().requests().ifPresent(json -> problems.addAll(WarmUpRequests.problems(json)));
        double within = config.warmUp().steadyWithin();
        if (!(within > 0 && within <= 1)) {
            bad("pilotlight.warm-up.steady-within", within, "give more than 0 and at most 1; 0.15 is 15 %");
        }
        between("pilotlight.warm-up.max-rounds", config.warmUp().maxRounds(), 2, 100);
        atLeast("pilotlight.warm-up.budget", config.warmUp().budget(), Duration.ofSeconds(1));
        atLeast("pilotlight.warm-up.retry-after", config.warmUp().retryAfter(), Duration.ofMillis(100));
        if (config.warmUp().retryAfter().compareTo(config.warmUp().budget()) > 0) {
            bad(
                    "pilotlight.warm-up.retry-after",
                    shown(config.warmUp().retryAfter()),
                    "give less than pilotlight.warm-up.budget="
                            + shown(config.warmUp().budget()));
        }
        atLeast("pilotlight.liveness.dead-after", config.liveness().deadAfter(), Duration.ofSeconds(1));
        atLeast("pilotlight.liveness.stuck-after", config.liveness().stuckAfter(), Duration.ofSeconds(5));
        between(
                "pilotlight.liveness.canary-timeout",
                config.liveness().canaryTimeout(),
                Duration.ofSeconds(1),
                Duration.ofMinutes(10));
        if (!config.liveness().heartbeatEvery().isZero()) {
            atLeast("pilotlight.liveness.heartbeat-every", config.liveness().heartbeatEvery(), Duration.ofSeconds(5));
        }
        config.liveness()
                .longestStep()
                .ifPresent(step -> atLeast(
                        "pilotlight.liveness.longest-step",
                        step,
                        config.liveness().stuckAfter()));
        config.liveness()
                .startDeadline()
                .ifPresent(deadline -> atLeast("pilotlight.liveness.start-deadline", deadline, Duration.ZERO));
        atLeast("pilotlight.drain.settle", config.drain().settle(), Duration.ZERO);
        config.drain()
                .deadline()
                .filter(deadline -> deadline.compareTo(config.drain().settle()) < 0)
                .ifPresent(deadline -> bad(
                        "pilotlight.drain.deadline",
                        shown(deadline),
                        "give at least pilotlight.drain.settle="
                                + shown(config.drain().settle())));
        file("pilotlight.drain.token-file", config.drain().tokenFile());
        kube(config.kube());
        if (config.pod().name().isPresent() != config.pod().namespace().isPresent()) {
            problems.add(
                    "pilotlight.pod.name and pilotlight.pod.namespace go together: give both by the downward API, or neither");
        }
        mark(config.mark());
        managed(config);
        double target = config.signal().targetLoad();
        if (!(target > 0 && target <= 1)) {
            bad(
                    "pilotlight.signal.target-load",
                    target,
                    "give more than 0 and at most 1; 0.7 leaves room for a cold start");
        }
        config.signal().ttftSlo().ifPresent(slo -> atLeast("pilotlight.signal.ttft-slo", slo, Duration.ofMillis(1)));
        config.signal().itlSlo().ifPresent(slo -> atLeast("pilotlight.signal.itl-slo", slo, Duration.ofMillis(1)));
        atLeast("pilotlight.signal.drain-time", config.signal().drainTime(), Duration.ofSeconds(1));
        config.signal()
                .forecastHorizon()
                .ifPresent(ahead -> between(
                        "pilotlight.signal.forecast-horizon", ahead, Duration.ofSeconds(30), Duration.ofHours(1)));
        Optional<String> image = config.injector().image();
        if (image.isEmpty() ? config.injector().enabled() : image.get().chars().anyMatch(Character::isWhitespace)) {
            bad(
                    "pilotlight.injector.image",
                    "\"" + image.orElse("") + "\"",
                    "name the sidecar's image as docker pull takes it");
        }
    }

    private void mark(PilotlightConfig.Mark mark) {
        atLeast("pilotlight.mark.cost-hold", mark.costHold(), Duration.ofSeconds(1));
        if (!(mark.workingFrom() > 0 && mark.workingFrom() < mark.fullFrom())) {
            bad(
                    "pilotlight.mark.working-from",
                    mark.workingFrom(),
                    "give more than 0 and less than pilotlight.mark.full-from=" + mark.fullFrom());
        }
    }

    private void managed(PilotlightConfig config) {
        PilotlightConfig.Pool pool = config.pool();
        atLeast("pilotlight.pool.standby-after", pool.standbyAfter(), Duration.ofSeconds(1));
        pool.name()
                .filter(name -> !POOL_NAME.matcher(name).matches())
                .ifPresent(name -> bad(
                        "pilotlight.pool.name",
                        name,
                        "give at most 45 small letters, digits and dashes, as of an object's name"));
        if (pool.mode() == PilotlightConfig.PoolMode.MANAGED) {
            if (pool.name().isEmpty()) {
                problems.add(
                        "pilotlight.pool.mode=managed needs pilotlight.pool.name: the same for all pods of the pool");
            }
            if (config.pod().name().isEmpty()) {
                problems.add("pilotlight.pool.mode=managed needs the pod's name and namespace:"
                        + " give POD_NAME and POD_NAMESPACE by the downward API");
            }
            if (!config.mark().enabled()) {
                bad("pilotlight.mark.enabled", false, "a managed pool works by the role label; leave it on");
            }
        }
        scale(config);
        between("pilotlight.pool.min-active", pool.minActive(), 1, 10_000);
        between("pilotlight.pool.standby", pool.standby(), 0, 10_000);
        if (!(pool.demoteAt() > 0 && pool.demoteAt() < pool.promoteAt() && pool.promoteAt() <= 2)) {
            bad(
                    "pilotlight.pool.demote-at",
                    pool.demoteAt(),
                    "give more than 0 and less than pilotlight.pool.promote-at=" + pool.promoteAt()
                            + ", which is at most 2");
        }
        atLeast("pilotlight.pool.demote-after", pool.demoteAfter(), Duration.ofSeconds(60));
        atLeast("pilotlight.pool.orphan-after", pool.orphanAfter(), Duration.ofSeconds(5));
        between("pilotlight.pool.peer-timeout", pool.peerTimeout(), Duration.ofMillis(50), Duration.ofSeconds(1));
    }

    private void scale(PilotlightConfig config) {
        PilotlightConfig.Scale scale = config.scale();
        between("pilotlight.scale.min-pods", scale.minPods(), 1, 10_000);
        if (!(scale.reserve() >= 0 && scale.reserve() <= 1)) {
            bad("pilotlight.scale.reserve", scale.reserve(), "give 0 to 1; 0.25 keeps a quarter to spare");
        }
        if (scale.maxPods().isEmpty()) {
            return;
        }
        between("pilotlight.scale.max-pods", scale.maxPods().getAsInt(), scale.minPods(), 10_000);
        if (config.pool().name().isEmpty() || config.pod().name().isEmpty()) {
            problems.add("pilotlight.scale.max-pods=" + scale.maxPods().getAsInt()
                    + " needs a pool that has a leader: give pilotlight.pool.name, the same for all its pods,"
                    + " and POD_NAME and POD_NAMESPACE by the downward API");
        }
    }

    private void bad(String setting, Object value, String mend) {
        problems.add(setting + "=" + value + ": " + mend);
    }

    private void between(String setting, Duration value, Duration least, Duration most) {
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
            bad(setting, shown(value), "give " + shown(least) + " to " + shown(most));
        }
    }

    private void between(String setting, long value, long least, long most) {
        if (value < least || value > most) {
            bad(setting, value, "give " + least + " to " + most);
        }
    }

    private void atLeast(String setting, Duration value, Duration least) {
        if (value.compareTo(least) < 0) {
            bad(setting, shown(value), "give at least " + shown(least));
        }
    }

    private void file(String setting, Optional<Path> file) {
        file.filter(path -> !Files.isReadable(path))
                .ifPresent(path -> bad(setting, path, "no such file, or not readable for this user"));
    }

    /** As it is written in a setting: 1s, 100ms, 30m. */
    static String shown(Duration value) {
        long millis = value.toMillis();
        if (millis % 1000 != 0) {
            return millis + "ms";
        }
        long seconds = millis / 1000;
        return seconds != 0 && seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }

    /** The GPU's settings, and what is wrong with them. */
    public static GpuSettingsCheck.Checked gpu(PilotlightConfig config) {
        PilotlightConfig.Gpu gpu = config.gpu();
        return GpuSettingsCheck.check(new GpuSettingsCheck.Written(
                gpu.source(),
                gpu.dcgmUrl().or(() -> GpuSettings.nodeExporter(config.pod().hostIp())),
                gpu.uuids().orElse(List.of()),
                gpu.fatalXids().map(text -> List.of(text.split(","))),
                gpu.onFault(),
                gpu.nvmlLibrary()));
    }

    /** What the core goes by. */
    public static Policy policy(PilotlightConfig config) {
        return new Policy(
                new LivenessPolicy(
                        config.liveness().deadAfter(),
                        config.liveness().stuckAfter(),
                        config.liveness().heartbeatEvery(),
                        config.liveness().startDeadline(),
                        config.liveness().longestStep(),
                        config.liveness().onErrors() == PilotlightConfig.OnErrors.FAIL),
                new WarmUpPolicy(
                        config.warmUp().requests().map(WarmUpRequests::shapes).orElse(Shape.DEFAULT),
                        config.warmUp().steadyWithin(),
                        config.warmUp().maxRounds(),
                        config.warmUp().budget(),
                        config.warmUp().retryAfter(),
                        config.warmUp().onFailure() == PilotlightConfig.OnFailure.PROCEED),
                new SignalPolicy(
                        config.signal().targetLoad(),
                        config.engine().maxNumSeqs(),
                        config.signal().ttftSlo(),
                        config.signal().itlSlo(),
                        config.signal().drainTime(),
                        config.signal().forecastHorizon()),
                new DrainPolicy(config.drain().settle()),
                gpu(config).settings().policy(),
                staleAfter(config.engine()),
                config.gpu().pollEvery().multipliedBy(3).plus(LEAST_STALE),
                role(config),
                new MarkPolicy(
                        config.mark().enabled(),
                        config.pool().name(),
                        new MarkPolicy.Costs(
                                config.mark().costStandby(),
                                config.mark().costIdle(),
                                config.mark().costWorking(),
                                config.mark().costFull()),
                        config.mark().workingFrom(),
                        config.mark().fullFrom(),
                        config.mark().costHold()));
    }

    private static RolePolicy role(PilotlightConfig config) {
        PilotlightConfig.Pool pool = config.pool();
        return switch (pool.mode()) {
            case OBSERVE -> new RolePolicy.Observe(pool.standbyAfter());
            case MANAGED ->
                new RolePolicy.Managed(config.pod().name().orElseThrow(), pool.orphanAfter(), pool.standbyAfter());
        };
    }

    /** How the pool is run, where it has a leader. */
    public static PoolPolicy pool(PilotlightConfig config) {
        PilotlightConfig.Pool pool = config.pool();
        PoolPolicy policy = new PoolPolicy(
                pool.minActive(),
                pool.standby(),
                config.signal().targetLoad(),
                pool.promoteAt(),
                pool.demoteAt(),
                pool.demoteAfter());
        PilotlightConfig.Scale scale = config.scale();
        return scale.maxPods().isEmpty()
                ? policy
                : policy.withScale(new ScalePolicy(
                        scale.minPods(), scale.maxPods().getAsInt(), scale.reserve(), scale.predictive()));
    }

    private static Duration staleAfter(PilotlightConfig.Engine engine) {
        Duration thrice = engine.pollEvery().multipliedBy(3);
        return engine.staleAfter().orElse(thrice.compareTo(LEAST_STALE) > 0 ? thrice : LEAST_STALE);
    }
}
