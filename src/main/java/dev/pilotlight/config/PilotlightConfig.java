package dev.pilotlight.config;

import dev.pilotlight.gpu.GpuSettings;
import dev.pilotlight.gpu.faults.OnFault;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Every setting, in one page; docs/configuration.md is checked against it. */
@ConfigMapping(prefix = "pilotlight")
public interface PilotlightConfig {
    EngineConfig engine();

    WarmUp warmUp();

    Liveness liveness();

    Drain drain();

    Gpu gpu();

    Pod pod();

    Kube kube();

    MetadataConfig mark();

    PoolConfig pool();

    Scale scale();

    Signal signal();

    Injector injector();

    /** From loaded to warm. */
    interface WarmUp {
        /**
         * The requests of one round, a JSON list: each an object with {@code endpoint} (a path of the OpenAI API; default the one that
         * fits the model), {@code prompt_tokens}, {@code max_tokens}, {@code concurrency}, {@code model} (a LoRA adapter), {@code name},
         * or a whole {@code payload}; or an object with such a list as {@code requests}. Default: a short prompt, a long one, and four at once.
         */
        Optional<String> requests();

        /** How much the time to first token of two rounds in a row may differ for the engine to be steady. Above 0, at most 1. */
        @WithDefault("0.15")
        double steadyWithin();

        /** Rounds after which a serving engine counts as warm though its pace still wanders. 2 to 100. */
        @WithDefault("8")
        int maxRounds();

        /** How long the warm-up may take. */
        @WithDefault("3m")
        Duration budget();

        /** Pause after a failed request, doubled by each further one up to 30 s. At least 100 ms. */
        @WithDefault("2s")
        Duration retryAfter();

        /** What an engine is whose budget is spent: {@code fail} (not ready, with the reason) or {@code proceed} (ready, cold). */
        @WithDefault("fail")
        OnFailure onFailure();
    }

    /** What becomes of an engine whose warm-up gave up. */
    enum OnFailure {
        FAIL,
        PROCEED
    }

    /** When the engine's container is to be restarted. */
    interface Liveness {
        /** How long {@code /health} may answer 5xx; a rescaling engine does so for a while. */
        @WithDefault("10s")
        Duration deadAfter();

        /** How long work may stand still before one request for one token is sent to tell busy from stuck. At least 5 s. */
        @WithDefault("60s")
        Duration stuckAfter();

        /** How long such a request may take. 1 s to 10 min; at least 15 s where vLLM runs in developer mode. */
        @WithDefault("30s")
        Duration canaryTimeout();

        /** How long all may be quiet before one heartbeat request is sent; 0s for none. At least 5 s. */
        @WithDefault("60s")
        Duration heartbeatEvery();

        /** How long a start may take; 0s for ever. Default: the greater of 30 min and three times the longest load seen. */
        Optional<Duration> startDeadline();

        /**
         * How long nothing may move beside requests that get no answer before the engine counts as stuck: one of its steps may compile a
         * kernel or read a long prompt. At least stuck-after. Default: five times stuck-after.
         */
        Optional<Duration> longestStep();

        /** What an engine is that answers nothing but 5xx: {@code report} (not ready) or {@code fail} (to be restarted, too). */
        @WithDefault("report")
        OnErrors onErrors();
    }

    /** What becomes of an engine that answers nothing but errors. */
    enum OnErrors {
        REPORT,
        FAIL
    }

    /** How the pod leaves. */
    interface Drain {
        /** The least time that a drain takes: Services need it to forget the pod. */
        @WithDefault("5s")
        Duration settle();

        /**
         * When the wait for requests in flight ends, come what may. Default: the pod's terminationGracePeriodSeconds less 5 s where the
         * pod can be read, else 25 s.
         */
        Optional<Duration> deadline();

        /** File with a token; a caller that shows it as {@code Authorization: Bearer} may order the drain. */
        Optional<Path> tokenFile();
    }

    /** The GPUs; docs/gpu.md says how to give the sidecar access to them. */
    interface Gpu {
        /** Where to learn of them: {@code auto}, {@code nvml}, {@code dcgm} or {@code none}. */
        @WithDefault("auto")
        GpuSettings.Source source();

        /** How often they are read. 1 s to 10 min. */
        @WithDefault("5s")
        Duration pollEvery();

        /** This pod's GPUs or MIG devices, as {@code nvidia-smi -L} prints them, or the word {@code visible}. */
        Optional<List<String>> uuids();

        /** The metrics page of the node's dcgm-exporter. Default: {@code http://$HOST_IP:9400/metrics} where HOST_IP is set. */
        Optional<String> dcgmUrl();

        /** XIDs that are faults, by number or name. Default: 48, 64, 74, 79, 94, 95, 119, 120; an empty list: none. */
        Optional<String> fatalXids();

        /** {@code fail} or {@code report}, for every kind of fault. Default: fail for lost, reset and fatal XIDs, else report. */
        Optional<OnFault> onFault();

        /** A name or path of NVML instead of the usual places. */
        Optional<String> nvmlLibrary();
    }

    /** The pod that we are in; set by the downward API. */
    interface Pod {
        /** Its name. */
        Optional<String> name();

        /** Its namespace. */
        Optional<String> namespace();

        /** The container that vLLM runs in, where several have GPUs. */
        Optional<String> container();

        /** The address of its node. */
        Optional<String> hostIp();
    }

    /** The API server; each of these is known inside a pod. */
    interface Kube {
        /** Where it is, http or https. Default: as KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT say. */
        Optional<URI> url();

        /** File with the bearer token, read for each call. Default: that of the pod's service account, where it is mounted. */
        Optional<Path> tokenFile();

        /** PEM file with the authorities to trust, read again when it changes. Default: that of the pod's service account. */
        Optional<Path> caFile();
    }

    /** What a pool's role label is. */
    enum PoolMode {
        OBSERVE,
        MANAGED
    }

    /** How many pods the pool's leader asks an autoscaler for: {@code pilotlight_wanted_pods}. */
    interface Scale {
        /** Never fewer are wanted. 1 or more. */
        @WithDefault("1")
        int minPods();

        /** Never more are wanted: as many as the busiest hour may want, or the GPU quota allows. Default: nothing is asked for. */
        OptionalInt maxPods();

        /** Of what the traffic leaves of the most pods, the share to keep to spare. 0 to 1. */
        @WithDefault("0.26")
        double reserve();

        /** Share of the time in which the traffic may grow by more than is spare, once enough of it was seen; 0: the reserve alone decides. */
        @WithDefault("0.1")
        double risk();

        /** Whether the traffic to expect one cold start from now counts, too, where there is a forecast. */
        @WithDefault("false")
        boolean predictive();
    }

    /** What the signals are measured against. */
    interface Signal {
        /** The load that a pod should run at; {@code pilotlight_demand_pods} is load over this. Above 0, at most 1. */
        @WithDefault("0.7")
        double targetLoad();

        /** The 95th percentile of the time to first token to keep. Default: none, and no ttft pressure. */
        Optional<Duration> ttftSlo();

        /** The 95th percentile of the inter-token time to keep. Default: none, and no itl pressure. */
        Optional<Duration> itlSlo();

        /** The time over which a backlog is to be worked off. */
        @WithDefault("60s")
        Duration drainTime();

        /**
         * How far ahead the forecast looks: what passes from the wish for a pod until it serves, with the time to find a node and to pull
         * the image. Default: the engine's load and warm-up as measured here.
         */
        Optional<Duration> forecastHorizon();
    }

    /** The same program as admission webhook; it then watches no engine. docs/injection.md. */
    interface Injector {
        /** Whether this process puts the sidecar into the pods that the API server shows it. */
        @WithDefault("false")
        boolean enabled();

        /** The image of the sidecar that it puts there; must be named where this process is the webhook. */
        Optional<String> image();

        /** The port at which the API server asks it, over TLS. PILOTLIGHT_INJECTOR_PORT is the kubelet's, for the Service of that name. */
        @WithDefault("9443")
        int listen();

        /** PEM file with the certificate that it shows; looked at every 2 s. */
        @WithDefault("/etc/pilotlight/tls/tls.crt")
        Path certificateFile();

        /** PEM file with the certificate's key. */
        @WithDefault("/etc/pilotlight/tls/tls.key")
        Path keyFile();
    }
}
