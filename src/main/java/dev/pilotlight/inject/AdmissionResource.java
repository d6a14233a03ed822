package dev.pilotlight.inject;

import dev.pilotlight.config.PilotlightConfig;
import dev.pilotlight.inject.InjectionDecision.Leave;
import dev.pilotlight.inject.InjectionDecision.OptIn;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Singleton;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.Semaphore;
import org.jboss.logging.Logger;

/** The admission webhook: an AdmissionReview in, a decision out. What it is asked is bounded; whom it asks is nobody. */
@Singleton
@Path("/api/v1/inject")
@Consumes(MediaType.WILDCARD)
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public final class AdmissionResource {
    private static final Logger LOG = Logger.getLogger("pilotlight");

    /** The API server itself takes no more than 3 MiB in one request. */
    private static final int LONGEST = 3 << 20;

    /** All bodies together, in pieces, so that a flood of long ones fills no heap; a pod's review has some 10 KB and takes one. */
    private static final int PIECES_AT_ONCE = 512;

    private static final int PIECE = 16 << 10;

    private final Semaphore pieces = new Semaphore(PIECES_AT_ONCE);
    /** A tree takes many times the memory of its text, so only as many are open as cores could work on. */
    private final Semaphore trees = new Semaphore(2, true);

    private final PilotlightConfig.Injector settings;
    private final JsonObject template = SidecarTemplate.read();

    AdmissionResource(PilotlightConfig config) {
        this.settings = config.injector();
    }

    /** For the webhook whose objectSelector asks for the pod's own label. */
    @POST
    public Response byPod(InputStream body) throws IOException, InterruptedException {
        return review(body, OptIn.POD);
    }

    /** For the webhook whose namespaceSelector asks for the namespace's label; a review does not show it. */
    @POST
    @Path("namespace")
    public Response byNamespace(InputStream body) throws IOException, InterruptedException {
        return review(body, OptIn.NAMESPACE);
    }

    private Response review(InputStream body, OptIn optIn) throws IOException, InterruptedException {
        Response answer = answer(body, optIn);
        // To the end, keeping nothing: who still sends when the connection closes does not see the answer.
        body.transferTo(OutputStream.nullOutputStream());
        return answer;
    }

    private Response answer(InputStream body, OptIn optIn) throws IOException, InterruptedException {
        if (!settings.enabled()) {
            return error(404, "this sidecar injects nothing: pilotlight.injector.enabled is false");
        }
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        int held = 0;
        try {
            byte[] piece;
            do {
                if (!pieces.tryAcquire()) {
                    return error(503, "more reviews at once than fit into memory");
                }
                held++;
                piece = body.readNBytes(PIECE);
                text.writeBytes(piece);
                if (text.size() > LONGEST) {
                    return error(400, "the body is longer than " + LONGEST + " bytes");
                }
            } while (piece.length == PIECE);
            trees.acquire();
            try {
                return decided(text.toByteArray(), optIn);
            } finally {
                trees.release();
            }
        } finally {
            pieces.release(held);
        }
    }

    private Response decided(byte[] text, OptIn optIn) {
        return switch (Review.read(text)) {
            case Review.Garbled(String why) -> error(400, why);
            case Review.Asked asked -> {
                InjectionDecision decision = asked.decide(optIn);
                if (decision instanceof Leave leave && leave.reason().unexpected()) {
                    LOG.infof(
                            "a pod in namespace %s was not injected (%s): %s",
                            asked.namespace(), leave.reason().code(), leave.why());
                }
                yield Response.ok(asked.answer(
                                        decision, template, settings.image().orElseThrow())
                                .encode())
                        .build();
            }
        };
    }

    private static Response error(int status, String why) {
        return Response.status(status)
                .entity(new JsonObject().put("error", why).encode())
                .build();
    }
}
