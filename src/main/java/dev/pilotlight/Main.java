package dev.pilotlight;

import io.quarkus.runtime.PreventFurtherStepsException;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import io.smallrye.config.ConfigValidationException;
import java.net.BindException;
import java.util.ArrayList;
import java.util.List;

/** The process: runs until told to stop, and says in one message what kept it from starting. */
@QuarkusMain
public final class Main {
    private Main() {}

    public static void main(String... args) {
        Quarkus.run(null, Main::ended, args);
    }

    private static void ended(int exitCode, Throwable failure) {
        if (failure != null) {
            System.err.println(explain(failure));
        }
        System.exit(failure == null ? exitCode : exitCode(failure));
    }

    static int exitCode(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof PreventFurtherStepsException stop) {
                return stop.getExitCode();
            }
            if (cause instanceof ConfigValidationException) {
                return Sidecar.BAD_SETTING;
            }
        }
        return 1;
    }

    static String explain(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            switch (cause) {
                case PreventFurtherStepsException stop -> {
                    return stop.getMessage();
                }
                case ConfigValidationException invalid -> {
                    List<String> problems = new ArrayList<>();
                    for (int i = 0; i < invalid.getProblemCount(); i++) {
                        problems.add(invalid.getProblem(i).getMessage());
                    }
                    return wrongSettings(problems);
                }
                case BindException taken -> {
                    return "pilotlight cannot listen: " + taken.getMessage() + "; set quarkus.http.port to a free port";
                }
                default -> {}
            }
        }
        java.io.StringWriter trace = new java.io.StringWriter();
        failure.printStackTrace(new java.io.PrintWriter(trace));
        return "pilotlight did not start: " + trace;
    }

    static String wrongSettings(List<String> problems) {
        return "pilotlight did not start: " + problems.size() + (problems.size() == 1 ? " setting is" : " settings are")
                + " wrong\n  - " + String.join("\n  - ", problems)
                + "\nEvery setting is described in docs/configuration.md.";
    }
}
