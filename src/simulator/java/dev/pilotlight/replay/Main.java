package dev.pilotlight.replay;

import dev.pilotlight.hpa.HpaManifest;
import dev.pilotlight.hpa.HpaSpec;
import dev.pilotlight.replay.Contender.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

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
            Scenarios.standIns(options).ifPresent(System.out::println);
            for (List<Scenario> seeds : scenarios(options)) {
                List<List<Outcome>> outcomes = seeds.stream()
                        .map(scenario -> watched(scenario, contenders(scenario, options)))
                        .toList();
                Scenario first = seeds.getFirst();
                if (seeds.size() == 1) {
                    System.out.print(Report.table(first, outcomes.getFirst()));
                    System.out.println("  plots: " + Report.plots(first, outcomes.getFirst(), options.plots()) + "\n");
                } else {
                    System.out.println(Report.spread(first, outcomes));
                }
            }
            return 0;
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            return WRONG_USAGE;
        }
    }

    /** Says on the error stream how far it has come, so that the table alone can be kept. */
    private static List<Outcome> watched(Scenario scenario, List<Contender> contenders) {
        String what = "%s, seed %d: ".formatted(scenario.name(), scenario.seed());
        System.err.println(
                what + contenders.size() + " policies over " + scenario.seconds() / 60 + " minutes of traffic ...");
        return Bench.run(
                scenario,
                contenders,
                done -> System.err.println(
                        what + contenders.get(done - 1).name() + " (" + done + " of " + contenders.size() + ")"));
    }

    /** Each with all its seeds. */
    private static List<List<Scenario>> scenarios(Options options) {
        List<Long> seeds = LongStream.range(options.seed(), options.seed() + options.seeds())
                .boxed()
                .toList();
        if (options.trace().isPresent()) {
            Arrivals trace = TraceFile.read(options.trace().get());
            return List.of(seeds.stream()
                    .map(seed -> own(trace, options).withSeed(seed))
                    .toList());
        }
        List<String> names = options.scenario().equals("all") ? Scenarios.names() : List.of(options.scenario());
        return names.stream()
                .map(name -> seeds.stream()
                        .map(seed -> Scenarios.named(name, options.traces(), seed))
                        .toList())
                .toList();
    }

    private static Scenario own(Arrivals trace, Options options) {
        Scenario usual = Scenarios.of(trace);
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
