package dev.pilotlight.kube;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Optional;

/** What is asked of a Kubernetes API server. No call throws: failing to learn is an answer. */
public interface ApiServer {
    Answer send(Call call);

    Events watch(Call call);

    /** Every call made so far. */
    KubeTally calls();

    /** How a call ended. */
    sealed interface Answer {
        Duration LONGEST_PAUSE = Duration.ofMinutes(5);

        /** @param retryAfter how long the server asks to be left alone */
        record Got(int status, String body, Optional<Duration> retryAfter) implements Answer {}

        /** No answer in time, or none at all. */
        record Lost(String why) implements Answer {}

        /** A success that is not what was asked for: of a proxy, a portal or another server. */
        record Strange(int status, String body) implements Answer {}

        /** Of a success whether it can be the answer to the call. */
        default Answer to(Call call) {
            return this instanceof Got got
                            && got.status() / 100 == 2
                            && object().filter(it -> isAsked(call, it)).isEmpty()
                    ? new Strange(got.status(), got.body())
                    : this;
        }

        private static boolean isAsked(Call call, JsonObject object) {
            return switch (call.verb()) {
                case GET -> call.path().endsWith("/" + Cached.name(object));
                case LIST -> object.getValue("items") instanceof JsonArray;
                default -> object.getValue("metadata") instanceof JsonObject;
            };
        }

        /** The object of an answer that is a success. */
        default Optional<JsonObject> object() {
            try {
                return this instanceof Got got && got.status() / 100 == 2
                        ? Optional.of(new JsonObject(got.body()))
                        : Optional.empty();
            } catch (DecodeException | ClassCastException ofAProxy) {
                return Optional.empty();
            }
        }

        default boolean is(int status) {
            return this instanceof Got got && got.status() == status;
        }

        /** As long as the server asks for, within reason: a proxy's word must not send a sidecar away for a day. */
        default Duration retryAfter(Duration otherwise) {
            return this instanceof Got got
                    ? got.retryAfter()
                            .map(it -> it.compareTo(LONGEST_PAUSE) < 0 ? it : LONGEST_PAUSE)
                            .filter(it -> it.compareTo(otherwise) > 0)
                            .orElse(otherwise)
                    : otherwise;
        }

        /** For people: what the server said. */
        default String what() {
            return switch (this) {
                case Lost(String why) -> why;
                case Strange(int status, String body) ->
                    "HTTP " + status + ", and not what was asked for: \"" + Status.message(body)
                            + "\"; is there a proxy on the way? See pilotlight.kube.url";
                case Got(int status, String body, Optional<Duration> _) ->
                    "HTTP " + status + ": " + Status.message(body);
            };
        }
    }

    /** The events of one watch. One reader. */
    interface Events extends AutoCloseable {
        /** Whether the server took it. */
        boolean opened();

        Next next(Duration patience);

        @Override
        void close();
    }

    /** What a watch brings. */
    sealed interface Next {
        /** @param type ADDED, MODIFIED, DELETED, BOOKMARK or ERROR */
        record Event(String type, JsonObject object) implements Next {}

        /** Nothing came within the patience. */
        record Silence() implements Next {}

        /** The watch is over: by its own time, by an answer that is no success, or by a broken connection. */
        record Ended(Answer how) implements Next {}
    }
}
