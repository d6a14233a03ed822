package dev.pilotlight.api;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/** What went wrong with requests in a way that nobody thought of: each kind is logged once, however often it is asked for. */
final class Failures {
    private static final Logger LOG = Logger.getLogger("pilotlight");
    private static final int MOST_KINDS = 32;

    private final Set<String> said = ConcurrentHashMap.newKeySet();

    /** Logs it, if it is news, and gives the sentence that the caller is answered with. */
    String say(String path, Throwable failure) {
        StackTraceElement[] trace = failure.getStackTrace();
        String kind = failure.getClass().getName() + (trace.length == 0 ? "" : " at " + trace[0]);
        if (said.size() < MOST_KINDS && said.add(kind)) {
            LOG.errorf(failure, "a request to %s failed; please report this", path);
        }
        return "the sidecar failed at this request (" + failure.getClass().getSimpleName()
                + "); its log says where, please report it";
    }
}
