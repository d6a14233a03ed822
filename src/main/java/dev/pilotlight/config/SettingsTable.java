package dev.pilotlight.config;

import static dev.pilotlight.config.Setting.of;
import static dev.pilotlight.config.Setting.secret;

import dev.pilotlight.config.Kind.Address;
import dev.pilotlight.config.Kind.Addresses;
import dev.pilotlight.config.Kind.InFile;
import dev.pilotlight.config.Kind.OneOf;
import dev.pilotlight.config.Kind.Real;
import dev.pilotlight.config.Kind.Text;
import dev.pilotlight.config.Kind.Time;
import dev.pilotlight.config.Kind.Whole;
import dev.pilotlight.gpu.GpuSettings;
import dev.pilotlight.gpu.faults.OnFault;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Every setting with what it may be. {@link SettingsCheck} goes by it, docs/configuration.md is held to it, and a test holds it to
 * {@link PilotlightConfig}, which has the types and the defaults. What one setting allows another is in {@link ConfigCheck}.
 */
public final class SettingsTable {
    private static final Duration MILLI = Duration.ofMillis(1);
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    /** Lease and ConfigMap are named for it, and so is a label's value. */
    private static final Text POOL_NAME = new Text(
            "at most 45 small letters, digits and dashes, not starting or ending with a dash",
            Pattern.compile("[a-z0-9]([-a-z0-9]{0,43}[a-z0-9])?"));

    private static final Text OBJECT_NAME =
            new Text("name of a Kubernetes object", Pattern.compile("[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?"));

    private static final Text NO_SPACE = new Text("text without spaces", Pattern.compile("\\S+"));

    private static final Whole COST = new Whole(Integer.MIN_VALUE, Integer.MAX_VALUE);

    /** Those that the platform knows, its older words included. */
    private static final OneOf LEVEL = OneOf.of(
            "off", "fatal", "error", "warn", "info", "debug", "trace", "all", "severe", "warning", "config", "fine",
            "finer", "finest");

    private static final Whole PODS = new Whole(0, 10_000);

    public static final List<Setting> ALL = List.of(
            of("engine.url", new Address("http://127.0.0.1:8000")),
            of("engine.urls", new Addresses("http://127.0.0.1:8000,http://127.0.0.1:8001")),
            of("engine.poll-every", Time.between(Duration.ofMillis(100), MINUTE)),
            of("engine.timeout", Time.between(Duration.ofMillis(50), MINUTE)),
            of("engine.stale-after", Time.from(Duration.ofMillis(200))),
            of("engine.ca-file", InFile.PEM),
            of("engine.verify-host", OneOf.SWITCH),
            of("engine.client-cert-file", InFile.PEM),
            of("engine.client-key-file", InFile.PEM),
            secret("engine.api-key", Text.any("text of one line")),
            of("engine.api-key-file", InFile.SECRET),
            of("engine.max-num-seqs", new Whole(1, 1_000_000)),
            of("engine.max-page-bytes", new Whole(64L << 10, 1L << 30)),
            of("engine.max-series", new Whole(100, 1_000_000)),
            of("warm-up.requests", Text.any("JSON")),
            of("warm-up.steady-within", Real.above(0, 1)),
            of("warm-up.max-rounds", new Whole(2, 100)),
            of("warm-up.budget", Time.from(SECOND)),
            of("warm-up.retry-after", Time.from(Duration.ofMillis(100))),
            of("warm-up.on-failure", OneOf.of(PilotlightConfig.OnFailure.class)),
            of("liveness.dead-after", Time.from(SECOND)),
            of("liveness.stuck-after", Time.from(Duration.ofSeconds(5))),
            of("liveness.canary-timeout", Time.between(SECOND, Duration.ofMinutes(10))),
            of("liveness.heartbeat-every", Time.from(Duration.ofSeconds(5)).orZero()),
            of("liveness.start-deadline", Time.from(SECOND).orZero()),
            of("liveness.longest-step", Time.from(Duration.ofSeconds(5))),
            of("liveness.on-errors", OneOf.of(PilotlightConfig.OnErrors.class)),
            of("drain.settle", Time.from(Duration.ZERO)),
            of("drain.deadline", Time.from(Duration.ZERO)),
            of("drain.token-file", InFile.SECRET),
            of("gpu.source", OneOf.of(GpuSettings.Source.class)),
            of("gpu.poll-every", Time.between(SECOND, Duration.ofMinutes(10))),
            of("gpu.uuids", Text.any("UUIDs with commas, or visible")),
            secret("gpu.dcgm-url", new Address("http://10.0.0.7:9400/metrics")),
            of("gpu.fatal-xids", Text.any("XIDs with commas")),
            of("gpu.on-fault", OneOf.of(OnFault.class)),
            of("gpu.nvml-library", Text.any("name or path")),
            of("pod.name", OBJECT_NAME),
            of("pod.namespace", OBJECT_NAME),
            of("pod.container", OBJECT_NAME),
            of("pod.host-ip", NO_SPACE),
            of("kube.url", new Address("https://10.96.0.1:443")),
            of("kube.token-file", InFile.SECRET),
            of("kube.ca-file", InFile.PEM),
            of("mark.enabled", OneOf.SWITCH),
            of("mark.cost-standby", COST),
            of("mark.cost-idle", COST),
            of("mark.cost-working", COST),
            of("mark.cost-full", COST),
            of("mark.working-from", Real.above(0, 100)),
            of("mark.full-from", Real.above(0, 100)),
            of("mark.cost-hold", Time.from(SECOND)),
            of("pool.mode", OneOf.of(PilotlightConfig.PoolMode.class)),
            of("pool.name", POOL_NAME),
            of("pool.min-active", new Whole(1, 10_000)),
            of("pool.standby", PODS),
            of("pool.promote-at", Real.above(0, 2)),
            of("pool.demote-at", Real.above(0, 2)),
            of("pool.demote-after", Time.from(MINUTE)),
            of("pool.orphan-after", Time.from(Duration.ofSeconds(5))),
            of("pool.peer-timeout", Time.between(Duration.ofMillis(50), SECOND)),
            of("pool.standby-after", Time.from(SECOND)),
            of("scale.min-pods", new Whole(1, 10_000)),
            of("scale.max-pods", new Whole(1, 10_000)),
            of("scale.reserve", new Real(0, false, 1)),
            of("scale.risk", new Real(0, false, 1)),
            of("scale.predictive", OneOf.SWITCH),
            of("signal.target-load", Real.above(0, 1)),
            of("signal.ttft-slo", Time.from(MILLI)),
            of("signal.itl-slo", Time.from(MILLI)),
            of("signal.drain-time", Time.from(SECOND)),
            of("signal.forecast-horizon", Time.between(Duration.ofSeconds(30), Duration.ofHours(1))),
            of("injector.enabled", OneOf.SWITCH),
            of("injector.image", NO_SPACE),
            of("injector.listen", new Whole(1, 65_535)),
            of("injector.certificate-file", Text.any("PEM file")),
            of("injector.key-file", Text.any("PEM file")));

    /** What is not ours and yet misused often enough to be checked like ours. */
    static final List<Setting> OF_QUARKUS = List.of(
            new Setting("quarkus.http.port", new Whole(0, 65_535), false),
            new Setting("quarkus.http.host", new Kind.Here(), false),
            new Setting("quarkus.log.level", LEVEL, false),
            new Setting("quarkus.log.console.level", LEVEL, false));

    private SettingsTable() {}
}
