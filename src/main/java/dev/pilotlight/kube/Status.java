package dev.pilotlight.kube;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;

/** What the API server says when it says no: an object of the kind Status, or whatever a proxy before it made up. */
final class Status {
    private static final int LONGEST = 300;

    private Status() {}

    static String message(String body) {
        String message;
        try {
            message = Fields.text(new JsonObject(body), "message").orElse(body);
        } catch (DecodeException | ClassCastException noStatus) {
            message = body;
        }
        return message.length() > LONGEST ? message.substring(0, LONGEST) + "..." : message;
    }
}
