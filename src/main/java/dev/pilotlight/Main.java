package dev.pilotlight;

import dev.pilotlight.check.CheckCommand;
import dev.pilotlight.config.SettingsCheck;
import dev.pilotlight.config.WrongSettings;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import io.smallrye.config.ConfigValidationException;
import java.net.BindException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The process: runs until told to stop, and says in one message what kept it from starting. */
@QuarkusMain
public final class Main {
    /** EX_USAGE of sysexits.h: a setting is wrong, and a restart will not fix it. */
    static final int BAD_SETTING = 64;

    Main() {}

    public static void main(String... args) {
        if (args.length > 0 && args[0].equals("check")) {
            System.exit(CheckCommand.run(ownUrl(), System.out, System.err));
        }
        if (args.length > 0 && !args[0].startsWith("-")) {
            System.err.println("pilotlight has no command " + args[0]
                    + "; without one it runs, `check` says what is missing around one that runs");
            System.exit(BAD_SETTING);
        }
        Quarkus.run(null, Main::ended, args);
    }

    /** Where the sidecar of this container listens. */
    private static URI ownUrl() {
        String port = Optional.ofNullable(System.getProperty("quarkus.http.port"))
                .or(() -> Optional.ofNullable(System.getenv("QUARKUS_HTTP_PORT")))
                .orElse("9110");
        return URI.create("http://127.0.0.1:" + port);
    }

    private static void ended(int exitCode, Throwable failure) {
        if (failure != null) {
            System.err.println(explain(failure));
        }
        System.exit(failure == null ? exitCode : exitCode(failure));
    }

    static int exitCode(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof WrongSettings wrong) {
                return BAD_SETTING;
            }
            if (cause instanceof ConfigValidationException) {
                return BAD_SETTING;
            }
        }
        return 1;
    }

    static String explain(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            switch (cause) {
                case WrongSettings wrong -> {
                    return wrong.getMessage();
                }
                case ConfigValidationException invalid -> {
                    return WrongSettings.message(problems(invalid));
                }
                case BindException taken -> {
                    return "pilotlight cannot listen: " + taken.getMessage()
                            + "; set quarkus.http.port to a free port, and quarkus.http.host to an address of this machine";
                }
                default -> {}
            }
        }
        java.io.StringWriter trace = new java.io.StringWriter();
        failure.printStackTrace(new java.io.PrintWriter(trace));
        return "pilotlight did not start: " + trace;
    }

    /** In our words where we know better: the library's name classes, and stop at values that cannot be read. */
    private static List<String> problems(ConfigValidationException invalid) {
        List<String> ours = SettingsCheck.problemsBeforeStart();
        if (!ours.isEmpty()) {
            return ours;
        }
        List<String> theirs = new ArrayList<>();
        for (int i = 0; i < invalid.getProblemCount(); i++) {
            theirs.add(invalid.getProblem(i).getMessage());
        }
        return theirs;
    }
}
