package dev.pilotlight.inject;

import dev.pilotlight.inject.AdmittedPod.Container;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

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
     * @param livenessProbe whether the engine's verdict becomes its liveness probe
     * @param preStop whether the drain becomes its preStop hook
     * @param gracePeriod whether the pod's grace period is raised
     * @param notes what the pod's owner should know, one sentence each
     */
    record Inject(
            Container engine, int port, boolean livenessProbe, boolean preStop, boolean gracePeriod, List<String> notes)
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
        WORKER(true),
        CONTAINER_NOT_FOUND(true),
        NO_ENGINE(true),
        SEVERAL_ENGINES(true),
        NO_SERVER(true),
        TLS_ENGINE(true),
        SOCKET_ENGINE(true),
        API_KEY(true),
        BAD_PORT(true),
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
        // An engine's server runs on the leader alone; a sidecar beside a worker would wait for it for ever, and hold
        // the pod unready.
        String index = pod.labels().getOrDefault("leaderworkerset.sigs.k8s.io/worker-index", "0");
        boolean worker = !index.equals("0") || "worker".equals(pod.labels().get("ray.io/node-type"));
        return worker
                ? leave(Reason.WORKER, "it is a worker of a group, whose leader alone has a server")
                : Optional.empty();
    }

    private static InjectionDecision forEngine(AdmittedPod pod) {
        String named = pod.annotations().getOrDefault(Keys.CONTAINER, "");
        List<Container> found = named.isEmpty()
                ? VllmServer.among(pod.containers())
                : pod.containers().stream()
                        .filter(it -> it.name().equals(named))
                        .toList();
        if (found.isEmpty()) {
            return named.isEmpty()
                    ? new Leave(
                            Reason.NO_ENGINE,
                            "no container is named vllm, runs vllm serve or has an image named so; name it by the annotation "
                                    + Keys.CONTAINER)
                    : new Leave(
                            Reason.CONTAINER_NOT_FOUND, "annotation " + Keys.CONTAINER + " names no container of it");
        }
        if (found.size() > 1) {
            return new Leave(
                    Reason.SEVERAL_ENGINES,
                    found.size() + " containers look like vLLM; name one by the annotation " + Keys.CONTAINER);
        }
        Container engine = found.getFirst();
        return unreachable(engine, !named.isEmpty()).orElseGet(() -> withPort(pod, engine));
    }

    /** A server that the sidecar could not ask would keep the pod unready for ever. */
    private static Optional<InjectionDecision> unreachable(Container engine, boolean named) {
        String line = engine.commandLine();
        if (!named && !VllmServer.serves(engine)) {
            return leave(Reason.NO_SERVER, "container " + quoted(engine) + " starts no server");
        }
        if (has(VllmServer.TLS, line)) {
            return leave(
                    Reason.TLS_ENGINE, "vLLM speaks TLS, and the sidecar has no authority to trust; write it by hand");
        }
        if (has(VllmServer.SOCKET, line)) {
            return leave(Reason.SOCKET_ENGINE, "vLLM listens on a Unix socket");
        }
        if (engine.apiKey() || has(VllmServer.API_KEY, line)) {
            return leave(
                    Reason.API_KEY, "vLLM asks for an API key, which the sidecar needs as a file; write it by hand");
        }
        return Optional.empty();
    }

    private static InjectionDecision withPort(AdmittedPod pod, Container engine) {
        String given = pod.annotations().getOrDefault(Keys.PORT, "");
        if (!given.isEmpty() && !(given.matches("[0-9]{1,5}") && VllmServer.isPort(Integer.parseInt(given)))) {
            return new Leave(Reason.BAD_PORT, "annotation " + Keys.PORT + " is no port from 1 to 65535");
        }
        int port = given.isEmpty() ? VllmServer.port(engine) : Integer.parseInt(given);
        boolean taken = port == SIDECAR_PORT
                || pod.containers().stream().anyMatch(it -> it.ports().contains(SIDECAR_PORT))
                || pod.initContainers().stream().anyMatch(it -> it.ports().contains(SIDECAR_PORT));
        if (taken) {
            return new Leave(
                    Reason.PORT_TAKEN, "a container listens on port " + SIDECAR_PORT + ", which the sidecar needs");
        }
        boolean livenessProbe = !pod.says(Keys.KEEP_LIVENESS_PROBE);
        boolean preStop = !pod.says(Keys.KEEP_PRE_STOP) && !engine.preStop();
        boolean gracePeriod = !pod.says(Keys.KEEP_GRACE_PERIOD) && pod.gracePeriodSeconds() < GRACE_PERIOD_SECONDS;
        List<String> notes = new ArrayList<>();
        if (livenessProbe && engine.livenessProbe()) {
            notes.add("the liveness probe of container " + quoted(engine)
                    + " is replaced by the engine's verdict; label " + Keys.KEEP_LIVENESS_PROBE + " keeps it");
        }
        if (engine.preStop() && !pod.says(Keys.KEEP_PRE_STOP)) {
            notes.add("container " + quoted(engine)
                    + " keeps its own preStop hook, so requests in flight are not drained");
        }
        if (!pod.withToken()) {
            notes.add(
                    "no token of the service account is mounted, so the sidecar cannot see that its pod is deleted, and does not drain");
        }
        return new Inject(engine, port, livenessProbe, preStop, gracePeriod, List.copyOf(notes));
    }

    private static Optional<InjectionDecision> leave(Reason reason, String why) {
        return Optional.of(new Leave(reason, why));
    }

    private static boolean has(Pattern pattern, String line) {
        return pattern.matcher(line).find();
    }

    private static String quoted(Container container) {
        return "\"" + AdmittedPod.printable(container.name()) + "\"";
    }
}
