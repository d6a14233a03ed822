package dev.pilotlight.inject;

import dev.pilotlight.inject.InjectionDecision.Inject;
import dev.pilotlight.inject.InjectionDecision.Leave;
import dev.pilotlight.inject.InjectionDecision.OptIn;
import dev.pilotlight.inject.InjectionDecision.Reason;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/** An AdmissionReview (admission.k8s.io/v1) as it came. */
sealed interface Review {
    /** A pod's spec has some hundred of them; a body of nothing else would fill the heap with empty objects. */
    int MOST_MARKS = 200_000;

    /** Longer uids than any API server's are no uids. */
    int LONGEST_UID = 256;

    /** The API server cuts a warning at some length and shows it on a terminal. */
    int LONGEST_WARNING = 256;

    /** No review at all: the caller is no API server. */
    record Garbled(String why) implements Review {}

    /**
     * @param uid to be repeated in the answer
     * @param creation whether it is the creation of a pod, and not of something else, or another operation
     */
    record Asked(String uid, boolean creation, String namespace, JsonObject object) implements Review {
        InjectionDecision decide(OptIn optIn) {
            return creation
                    ? InjectionDecision.of(AdmittedPod.of(object), optIn)
                    : new Leave(Reason.NO_POD_CREATION, "it is not the creation of a pod");
        }

        /** Every answer lets the pod in. */
        JsonObject answer(InjectionDecision decision, JsonObject template, String image) {
            JsonObject response = new JsonObject().put("uid", uid).put("allowed", true);
            switch (decision) {
                case Inject inject -> {
                    boolean asRoot = AdmittedPod.of(object).asRoot();
                    JsonArray patch = SidecarPatch.of(object, inject, asRoot, template, image);
                    response.put("patchType", "JSONPatch")
                            .put(
                                    "patch",
                                    Base64.getEncoder()
                                            .encodeToString(patch.encode().getBytes(StandardCharsets.UTF_8)))
                            .put("auditAnnotations", audit("injected", String.join("; ", inject.notes())));
                    if (!inject.notes().isEmpty()) {
                        response.put("warnings", warnings(inject.notes(), "pilotlight: "));
                    }
                }
                case Leave(Reason reason, String why) -> {
                    response.put("auditAnnotations", audit(reason.code(), why));
                    if (reason.unexpected()) {
                        response.put(
                                "warnings",
                                warnings(List.of(why), "pilotlight was not injected (" + reason.code() + "): "));
                    }
                }
            }
            return new JsonObject()
                    .put("apiVersion", "admission.k8s.io/v1")
                    .put("kind", "AdmissionReview")
                    .put("response", response);
        }
    }

    static Review read(byte[] body) {
        if (marks(body) > MOST_MARKS) {
            return new Garbled("the body has more than " + MOST_MARKS + " values");
        }
        JsonObject json;
        try {
            json = new JsonObject(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .toString());
        } catch (CharacterCodingException binary) {
            return new Garbled("the body is not UTF-8");
        } catch (DecodeException garbage) {
            return new Garbled("the body is not a JSON object");
        }
        if (!"admission.k8s.io/v1".equals(json.getValue("apiVersion"))
                || !"AdmissionReview".equals(json.getValue("kind"))) {
            return new Garbled("the body is no AdmissionReview of admission.k8s.io/v1");
        }
        if (!(json.getValue("request") instanceof JsonObject request)) {
            return new Garbled("the AdmissionReview has no request");
        }
        if (!(request.getValue("uid") instanceof String uid) || uid.isEmpty() || uid.length() > LONGEST_UID) {
            return new Garbled("the AdmissionReview's request has no uid");
        }
        return asked(uid, request);
    }

    private static Review asked(String uid, JsonObject request) {
        boolean pods = request.getValue("resource") instanceof JsonObject resource
                && "".equals(resource.getValue("group", ""))
                && "pods".equals(resource.getValue("resource"));
        boolean whole = "".equals(request.getValue("subResource", ""));
        boolean creation = pods && whole && "CREATE".equals(request.getValue("operation"));
        if (creation && !(request.getValue("object") instanceof JsonObject)) {
            return new Garbled("the AdmissionReview creates a pod and shows none");
        }
        String namespace = request.getValue("namespace") instanceof String text ? AdmittedPod.printable(text) : "";
        return new Asked(
                uid,
                creation,
                namespace,
                request.getValue("object") instanceof JsonObject object ? object : new JsonObject());
    }

    private static long marks(byte[] body) {
        long marks = 0;
        for (byte b : body) {
            if (b == ',' || b == '{' || b == '[') {
                marks++;
            }
        }
        return marks;
    }

    private static JsonObject audit(String decision, String why) {
        JsonObject audit = new JsonObject().put("decision", decision);
        return why.isEmpty() ? audit : audit.put("reason", why);
    }

    private static JsonArray warnings(List<String> sentences, String before) {
        JsonArray warnings = new JsonArray();
        sentences.forEach(sentence -> {
            String line = before + sentence;
            warnings.add(line.length() <= LONGEST_WARNING ? line : line.substring(0, LONGEST_WARNING - 3) + "...");
        });
        return warnings;
    }
}
