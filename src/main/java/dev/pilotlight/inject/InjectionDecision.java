package dev.pilotlight.inject;

import dev.pilotlight.inject.AdmittedPod.Container;
import dev.pilotlight.vllmpod.ContainerSpec;
import dev.pilotlight.vllmpod.Environment.SecretKey;
import dev.pilotlight.vllmpod.VllmArguments;
import dev.pilotlight.vllmpod.VllmArguments.ApiKey;
import dev.pilotlight.vllmpod.VllmServer;
import dev.pilotlight.vllmpod.VllmServer.Found;
import dev.pilotlight.vllmpod.VllmServer.Rank;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/** Whether a pod gets the sidecar, and why. A pod that is not understood is left as it is: a pod never fails because of us. */
sealed interface InjectionDecision {
    /** The port of the sidecar in the pod. */
    int SIDECAR_PORT = 9110;

    /** The grace period that leaves a drain the time of a long request; docs/probes.md. */
    long GRACE_PERIOD_SECONDS = 330;

    String SIDECAR = "pilotlight";

    /**
     * The pod gets the sidecar.
     *
     * @param engine the container that vLLM runs in
     * @param port where its server listens
     * @param apiKey where the server has its key from; the sidecar gets it from there, too
     * @param authority that vouches for its certificate, where it speaks TLS
     * @param livenessProbe whether the engine's verdict becomes its liveness probe
     * @param readinessProbe whether the sidecar's readiness becomes its readiness probe, too
     * @param preStop whether the drain becomes its preStop hook
     * @param withoutShell whether probe and hook go over HTTP
     * @param gracePeriod whether the pod's grace period is raised
     * @param notes what the pod's owner should know, one sentence each
     */
    record Inject(
            Container engine,
            int port,
            Optional<SecretKey> apiKey,
            Optional<Authority> authority,
            boolean livenessProbe,
            boolean readinessProbe,
            boolean preStop,
            boolean withoutShell,
            boolean gracePeriod,
            List<String> notes)
            implements InjectionDecision {}

    /** The pod stays as it is. */
    record Leave(Reason reason, String why) implements InjectionDecision {}

    /** Why a pod stays as it is. The codes stand in the audit log and in docs/injection.md. */
    enum Reason {
        NO_POD_CREATION(false),
        OPTED_OUT(false),
        NOT_OPTED_IN(false),
        ALREADY_INJECTED(false),
        WINDOWS(true),
        HOST_NETWORK(true),
        WORKER(true),
        CONTAINER_NOT_FOUND(true),
        NO_ENGINE(true),
        SEVERAL_ENGINES(true),
        NO_SERVER(true),
        TLS_ENGINE(true),
        BAD_CA(true),
        SOCKET_ENGINE(true),
        API_KEY(true),
        OTHER_ADDRESS(true),
        BAD_PORT(true),
        PORT_UNKNOWN(true),
        PORT_TAKEN(true);

        private final boolean unexpected;

        Reason(boolean unexpected) {
            this.unexpected = unexpected;
        }

        String code() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /** The owner asked for the sidecar and does not get it. */
        boolean unexpected() {
            return unexpected;
        }
    }

    /** Who asked, as the selector says that let the pod through: the pod by its label, or its namespace for all pods in it. */
    enum OptIn {
        POD,
        NAMESPACE
    }

    static InjectionDecision of(AdmittedPod pod, OptIn optIn) {
        return declined(pod, optIn).or(() -> unfit(pod)).orElseGet(() -> forEngine(pod));
    }

    private static Optional<InjectionDecision> declined(AdmittedPod pod, OptIn optIn) {
        String label = pod.labels().get(Keys.INJECT);
        if (label == null && optIn == OptIn.POD) {
            return leave(Reason.NOT_OPTED_IN, "it has no label " + Keys.INJECT);
        }
        if (label != null && !label.equals("true")) {
            return leave(Reason.OPTED_OUT, "its label " + Keys.INJECT + " is \"" + AdmittedPod.printable(label) + "\"");
        }
        boolean there = pod.containers().stream().anyMatch(it -> it.name().equals(SIDECAR))
                || pod.initContainers().stream().anyMatch(it -> it.name().equals(SIDECAR));
        return there ? leave(Reason.ALREADY_INJECTED, "it has a container named " + SIDECAR) : Optional.empty();
    }

    private static Optional<InjectionDecision> unfit(AdmittedPod pod) {
        if (pod.windows()) {
            return leave(Reason.WINDOWS, "it runs on Windows and the sidecar on Linux");
        }
        if (pod.hostNetwork()) {
            return leave(
                    Reason.HOST_NETWORK,
                    "it is on the host network, where port " + SIDECAR_PORT
                            + " would be the node's and no second pod fit on it; write the sidecar by hand, with a port of its own");
        }
        return Optional.empty();
    }

    private static InjectionDecision forEngine(AdmittedPod pod) {
        Rank rank = Rank.of(pod.labels());
        Optional<String> named =
                Optional.of(pod.annotations().getOrDefault(Keys.CONTAINER, "")).filter(name -> !name.isEmpty());
        List<ContainerSpec> specs =
                pod.containers().stream().map(Container::spec).toList();
        return switch (VllmServer.in(specs, named, rank)) {
            case Found.One(VllmServer server) -> unreachable(pod, server).orElseGet(() -> withPort(pod, server));
            // A sidecar beside a worker without a server would wait for one for ever, and hold the pod unready.
            case Found.NoServer(ContainerSpec container)
            when rank == Rank.WORKER ->
                new Leave(
                        Reason.WORKER,
                        "container " + quoted(container)
                                + " is a worker's, and not known to start a server in each pod of the group");
            case Found.NoServer(ContainerSpec container) ->
                new Leave(
                        Reason.NO_SERVER,
                        "container " + quoted(container)
                                + " is not known to start vLLM's OpenAI server; if it does, annotation "
                                + Keys.CONTAINER + " says so");
            case Found.None() ->
                new Leave(
                        Reason.NO_ENGINE,
                        "no container runs vllm serve or an image of vLLM's server; if one does, name it by the annotation "
                                + Keys.CONTAINER);
            case Found.Several(int servers) ->
                new Leave(
                        Reason.SEVERAL_ENGINES,
                        servers + " containers start a vLLM server; name one by the annotation " + Keys.CONTAINER);
            case Found.Misnamed() ->
                new Leave(Reason.CONTAINER_NOT_FOUND, "annotation " + Keys.CONTAINER + " names no container of it");
        };
    }

    /** A server that the sidecar could not ask would keep the pod unready for ever. */
    private static Optional<InjectionDecision> unreachable(AdmittedPod pod, VllmServer server) {
        VllmArguments.Access access = server.arguments().access();
        String authority = pod.annotations().getOrDefault(Keys.ENGINE_CA, "");
        if (access.tls() && authority.isEmpty()) {
            return leave(
                    Reason.TLS_ENGINE,
                    "vLLM speaks TLS; name who vouches for its certificate by the annotation " + Keys.ENGINE_CA
                            + ": configmap/NAME/KEY or secret/NAME/KEY");
        }
        if (access.tls() && Authority.of(authority).isEmpty()) {
            return leave(
                    Reason.BAD_CA,
                    "annotation " + Keys.ENGINE_CA + " is neither configmap/NAME/KEY nor secret/NAME/KEY");
        }
        if (access.socket()) {
            return leave(Reason.SOCKET_ENGINE, "vLLM listens on a Unix socket");
        }
        if (access.elsewhere().isPresent()) {
            return leave(
                    Reason.OTHER_ADDRESS,
                    "vLLM listens on --host "
                            + AdmittedPod.printable(access.elsewhere().get())
                            + ", and the sidecar asks 127.0.0.1; let it listen on 0.0.0.0");
        }
        return access.key() instanceof ApiKey.Elsewhere
                ? leave(
                        Reason.API_KEY,
                        "vLLM's API key stands in the pod or comes from no Secret; give it by secretKeyRef, in VLLM_API_KEY")
                : Optional.empty();
    }

    private static InjectionDecision withPort(AdmittedPod pod, VllmServer server) {
        Container engine = pod.containers().stream()
                .filter(it -> it.spec().index() == server.container().index())
                .findFirst()
                .orElseThrow();
        String given = pod.annotations().getOrDefault(Keys.PORT, "");
        if (!given.isEmpty() && !(given.matches("[0-9]{1,5}") && isPort(Integer.parseInt(given)))) {
            return new Leave(Reason.BAD_PORT, "annotation " + Keys.PORT + " is no port from 1 to 65535");
        }
        OptionalInt known = given.isEmpty() ? server.arguments().port() : OptionalInt.of(Integer.parseInt(given));
        if (known.isEmpty()) {
            return new Leave(
                    Reason.PORT_UNKNOWN,
                    "vLLM's port is in a file or a variable that the pod's spec does not show; give it by the annotation "
                            + Keys.PORT);
        }
        int port = known.getAsInt();
        boolean taken = port == SIDECAR_PORT
                || pod.containers().stream().anyMatch(it -> it.ports().contains(SIDECAR_PORT))
                || pod.initContainers().stream().anyMatch(it -> it.ports().contains(SIDECAR_PORT));
        if (taken) {
            return new Leave(
                    Reason.PORT_TAKEN, "a container listens on port " + SIDECAR_PORT + ", which the sidecar needs");
        }
        boolean livenessProbe = !pod.says(Keys.KEEP_LIVENESS_PROBE);
        boolean readinessProbe = !pod.says(Keys.KEEP_READINESS_PROBE);
        boolean preStop = !pod.says(Keys.KEEP_PRE_STOP) && !engine.preStop();
        boolean gracePeriod = !pod.says(Keys.KEEP_GRACE_PERIOD) && pod.gracePeriodSeconds() < GRACE_PERIOD_SECONDS;
        List<String> notes = new ArrayList<>();
        if (livenessProbe && engine.livenessProbe()) {
            notes.add("the liveness probe of container " + quoted(engine)
                    + " is replaced by the engine's verdict; label " + Keys.KEEP_LIVENESS_PROBE + " keeps it");
        }
        if (readinessProbe && engine.readinessProbe()) {
            notes.add("the readiness probe of container " + quoted(engine) + " is replaced by the sidecar's; label "
                    + Keys.KEEP_READINESS_PROBE + " keeps it");
        }
        if (engine.preStop() && !pod.says(Keys.KEEP_PRE_STOP)) {
            notes.add("container " + quoted(engine)
                    + " keeps its own preStop hook, so requests in flight are not drained");
        }
        if (!pod.withToken()) {
            notes.add(
                    "no token of the service account is mounted, so the sidecar cannot read its pod: no labels, and vLLM's slot limit only by pilotlight.engine.max-num-seqs");
        }
        Optional<SecretKey> key = server.arguments().access().key() instanceof ApiKey.InSecret(SecretKey from)
                ? Optional.of(from)
                : Optional.empty();
        Optional<Authority> authority = server.arguments().access().tls()
                ? Authority.of(pod.annotations().getOrDefault(Keys.ENGINE_CA, ""))
                : Optional.empty();
        return new Inject(
                engine,
                port,
                key,
                authority,
                livenessProbe,
                readinessProbe,
                preStop,
                pod.says(Keys.WITHOUT_SHELL),
                gracePeriod,
                List.copyOf(notes));
    }

    private static Optional<InjectionDecision> leave(Reason reason, String why) {
        return Optional.of(new Leave(reason, why));
    }

    private static boolean isPort(int number) {
        return number >= 1 && number <= 65_535;
    }

    private static String quoted(Container container) {
        return quoted(container.spec());
    }

    private static String quoted(ContainerSpec container) {
        return "\"" + AdmittedPod.printable(container.name()) + "\"";
    }
}
