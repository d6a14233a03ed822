package dev.pilotlight.replay;

import dev.pilotlight.hpa.HpaManifest;
import dev.pilotlight.hpa.HpaSpec;
import dev.pilotlight.replay.Contender.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code make replay}: says what policies would have done to a trace, as a table and as plots. */
final class Main {
    private static final int WRONG_USAGE = 64;

    private Main() {}

    public static void main(String[] args) {
        System.exit(run(args));
    }

    static int run(String[] args) {
        try {
            Options options = Options.parse(args);
            for (Scenario scenario : scenarios(options)) {
                List<Outcome> outcomes = Bench.run(scenario, contenders(scenario, options));
                System.out.print(Report.table(scenario, outcomes));
                System.out.println("  plots: " + Report.plots(scenario, outcomes, options.plots()) + "\n");
            }
            return 0;
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            return WRONG_USAGE;
        }
    }

    private static List<Scenario> scenarios(Options options) {
        if (options.trace().isPresent()) {
            return List.of(own(TraceFile.read(options.trace().get()), options));
        }
        List<String> names = options.scenario().equals("all") ? Scenarios.names() : List.of(options.scenario());
        return names.stream()
                .map(name -> Scenarios.named(name, options.traces()).withSeed(options.seed()))
                .toList();
    }

    private static Scenario own(Arrivals trace, Options options) {
        Scenario usual = Scenarios.of(trace).withSeed(options.seed());
        int[] pods = options.pods().orElseGet(() -> options.policies().stream()
                .findFirst()
                .map(HpaManifest::read)
                .map(spec -> new int[] {spec.minReplicas(), spec.maxReplicas()})
                .orElse(new int[] {usual.minReplicas(), usual.maxReplicas()}));
        return usual.withPods(pods[0], pods[1])
                .withSlo(options.sloSeconds())
                .withLives(Lives.lasting(options.coldStartSeconds()))
                .withProfile(options.profile().orElse(usual.profile()));
    }

    private static List<Contender> contenders(Scenario scenario, Options options) {
        List<Contender> all = new ArrayList<>();
        for (Path manifest : options.policies()) {
            HpaSpec spec = HpaManifest.read(manifest);
            all.add(Contender.hpa(manifest.toString(), Kind.PILOT_LIGHT, spec));
        }
        Policies.all(scenario).stream()
                .filter(one -> one.name().contains(options.only()))
                .forEach(all::add);
        return all;
    }
}
