package dev.pilotlight.kube;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Says which rule a refusal asks for. */
public final class Rights {
    private static final Pattern RESOURCE =
            Pattern.compile("/apis?/(?:v1|([^/]+)/[^/]+)/namespaces/([^/]+)/([^/]+)(?:/([^/]+))?");

    private Rights() {}

    /** The rule of a Role that would allow the call. */
    public static String rule(Call call) {
        Matcher path = RESOURCE.matcher(call.path());
        if (!path.matches()) {
            return "{verbs: [" + call.verb().word() + "]} on " + call.path();
        }
        Optional<String> name = Optional.ofNullable(path.group(4))
                .or(() -> Optional.ofNullable(call.query().get("fieldSelector"))
                        .map(selector -> selector.replace("metadata.name=", "")));
        boolean byName = !path.group(3).equals("pods");
        return "{apiGroups: [\"" + (path.group(1) == null ? "" : path.group(1)) + "\"], resources: [" + path.group(3)
                + "]"
                + name.filter(_ -> byName)
                        .map(it -> ", resourceNames: [" + it + "]")
                        .orElse("") + ", verbs: ["
                + call.verb().word() + "]} in namespace " + path.group(2);
    }

    /** Why a call was not done, with the fix where there is one. */
    public static String why(Call call, ApiServer.Answer answer) {
        String what = "the API server did not " + call.verb().word() + " " + call.path() + ": " + answer.what();
        return answer.is(403)
                ? what + "; unless a policy denied it, the service account's Role lacks " + rule(call)
                : what;
    }
}
