package dev.pilotlight.pod;

import dev.pilotlight.range.Range;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * How the sidecar's own container ended before this start, as the kubelet tells the API server.
 *
 * @param count how often it ended in this pod
 * @param lastExitCode of the newest end: 128 and the signal's number where a signal ended it; empty where there is none
 */
public record EarlierEnds(int count, OptionalInt lastExitCode) {
    public static final EarlierEnds NONE = new EarlierEnds(0, OptionalInt.empty());

    /** A native sidecar is an init container that stays; injected before Kubernetes 1.29, it is one beside the others. */
    static EarlierEnds of(JsonObject pod) {
        return pod.getValue("status") instanceof JsonObject status
                ? Stream.of("initContainerStatuses", "containerStatuses")
                        .flatMap(list -> ours(status.getValue(list)))
                        .findFirst()
                        .map(EarlierEnds::read)
                        .orElse(NONE)
                : NONE;
    }

    private static Stream<JsonObject> ours(Object statuses) {
        return statuses instanceof JsonArray all
                ? all.stream()
                        .filter(JsonObject.class::isInstance)
                        .map(JsonObject.class::cast)
                        .filter(it -> VllmContainer.SIDECAR.equals(it.getValue("name")))
                : Stream.empty();
    }

    /**
     * We run, so a status that does not say so is of before this start, which it does not count yet: the kubelet counts a restart when the
     * container starts, and the API server hears of it later.
     */
    private static EarlierEnds read(JsonObject status) {
        int restarts = Range.COUNT.whole(status.getValue("restartCount")).orElse(0);
        JsonObject state = object(status, "state").orElse(new JsonObject());
        boolean ofThisStart = state.isEmpty() || state.containsKey("running");
        Optional<JsonObject> last = object(state, "terminated")
                .or(() -> object(status, "lastState").flatMap(before -> object(before, "terminated")));
        return last.isEmpty()
                ? new EarlierEnds(restarts, OptionalInt.empty())
                : new EarlierEnds(ofThisStart ? restarts : restarts + 1, exitCode(last.get()));
    }

    private static OptionalInt exitCode(JsonObject terminated) {
        OptionalInt signal = Range.EXIT_CODE.whole(terminated.getValue("signal"));
        return signal.orElse(0) > 0
                ? OptionalInt.of(128 + signal.getAsInt())
                : Range.EXIT_CODE.whole(terminated.getValue("exitCode"));
    }

    private static Optional<JsonObject> object(JsonObject parent, String key) {
        return parent.getValue(key) instanceof JsonObject there ? Optional.of(there) : Optional.empty();
    }
}
