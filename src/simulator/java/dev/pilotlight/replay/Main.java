package dev.pilotlight.replay;

import dev.pilotlight.hpa.HpaManifest;
import dev.pilotlight.hpa.HpaSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code make replay}: says what policies would have done to a trace. */
final class Main {
    private static final String USAGE = """
            replay [options]
              --scenario NAME   of %s; all for each of them (default: reference)
              --trace FILE      a trace of your own instead: CSV arrival,prompt tokens,output tokens, or Mooncake's JSON lines
              --policy PATH     a HorizontalPodAutoscaler or ScaledObject manifest, or its folder, to try; may be given several times
              --traces FOLDER   where the public traces lie (default: ../shared/traces); a stand-in is generated where they are not
              --only TEXT       only the policies whose name has this in it
            """;

    private Main() {}

    public static void main(String[] args) {
        System.exit(run(args));
    }

    static int run(String[] args) {
        Path traces = Path.of("../shared/traces");
        String name = "reference";
        String only = "";
        Path trace = null;
        List<Path> manifests = new ArrayList<>();
        for (int i = 0; i < args.length; i++) {
            if (i + 1 == args.length) {
                System.err.print(USAGE.formatted(Scenarios.names()));
                return 64;
            }
            String value = args[i + 1];
            switch (args[i++]) {
                case "--scenario" -> name = value;
                case "--trace" -> trace = Path.of(value);
                case "--policy" -> manifests.add(Path.of(value));
                case "--traces" -> traces = Path.of(value);
                case "--only" -> only = value;
                default -> {
                    System.err.print(USAGE.formatted(Scenarios.names()));
                    return 64;
                }
            }
        }
        try {
            List<Scenario> scenarios = trace != null
                    ? List.of(Scenarios.of(TraceFile.read(trace)))
                    : name.equals("all") ? Scenarios.all(traces) : List.of(Scenarios.named(name, traces));
            for (Scenario scenario : scenarios) {
                System.out.println(Report.table(scenario, Bench.run(scenario, contenders(scenario, manifests, only))));
            }
            return 0;
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            return 64;
        }
    }

    private static List<Contender> contenders(Scenario scenario, List<Path> manifests, String only) {
        List<Contender> all = new ArrayList<>();
        for (Path manifest : manifests) {
            HpaSpec spec = HpaManifest.read(manifest);
            all.add(Contender.hpa(manifest.toString(), Contender.Kind.PILOT_LIGHT, spec));
        }
        Policies.all(scenario).stream().filter(one -> one.name().contains(only)).forEach(all::add);
        return all;
    }
}
