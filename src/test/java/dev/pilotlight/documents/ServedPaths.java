package dev.pilotlight.documents;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import jakarta.ws.rs.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The paths of a command that lead to the sidecar, by its port or by the API server's proxy, and those that it serves. */
final class ServedPaths {
    /** What Quarkus' extensions serve; SidecarIT asks for each. */
    private static final Set<String> OF_EXTENSIONS =
            Set.of("/", "/metrics", "/q/health/live", "/q/health/ready", "/q/health/group/engine");

    private static final Pattern NAMED = Pattern.compile(":9110(?:/proxy)?(/[^\\s'\"?]*)");

    private static final Set<String> SERVED = served();

    private ServedPaths() {}

    static List<String> problems(Command command) {
        return NAMED.matcher(command.text())
                .results()
                .map(found -> found.group(1))
                .filter(path -> !SERVED.contains(path))
                .map(path -> "the sidecar serves no " + path + ": " + SERVED)
                .toList();
    }

    private static Set<String> served() {
        Set<String> served = new TreeSet<>(OF_EXTENSIONS);
        for (JavaClass type : new ClassFileImporter().importPackages("dev.pilotlight.api")) {
            if (!type.isAnnotatedWith(Path.class)) {
                continue;
            }
            String root = type.getAnnotationOfType(Path.class).value();
            served.add(root);
            type.getMethods().stream()
                    .filter(method -> method.isAnnotatedWith(Path.class))
                    .map((JavaMethod method) ->
                            root + "/" + method.getAnnotationOfType(Path.class).value())
                    .forEach(served::add);
        }
        return served;
    }
}
