package dev.pilotlight.replay;

import dev.pilotlight.simulator.Profile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The command line of {@code make replay}. */
record Options(Map<String, String> values, List<Path> policies) {
    private static final Map<String, String> KNOWN = new TreeMap<>(Map.ofEntries(
            Map.entry("scenario", "one of the bench's, or all (default: reference)"),
            Map.entry(
                    "trace", "a trace of your own: CSV arrival,prompt tokens,output tokens, or Mooncake's JSON lines"),
            Map.entry(
                    "policy",
                    "a HorizontalPodAutoscaler or ScaledObject to try, or its folder; may be given several times"),
            Map.entry(
                    "traces",
                    "where the public traces lie (default: ../shared/traces); elsewhere a stand-in is generated"),
            Map.entry("only", "only the policies whose name has this in it"),
            Map.entry("plots", "where the plots go (default: target/replay)"),
            Map.entry("seed", "of the cold starts; each but 1 begins elsewhere in the trace, too (default: 1)"),
            Map.entry("seeds", "how many, from that one on: prints mean and worst of them (default: 1)"),
            Map.entry("profile", "of the engine, for a trace of your own"),
            Map.entry("pods", "least-most, for a trace of your own (default: as the first policy says, else 2-14)"),
            Map.entry("cold-start", "seconds from creation to ready, for a trace of your own (default: 360)"),
            Map.entry("slo", "seconds to the first token, for a trace of your own (default: 2)")));

    /** @throws IllegalArgumentException saying what is wrong, or the usage if help is asked for */
    static Options parse(String[] args) {
        Map<String, String> values = new TreeMap<>();
        List<Path> policies = new ArrayList<>();
        for (int i = 0; i < args.length; i += 2) {
            String name = args[i].startsWith("--") ? args[i].substring(2) : "";
            if (!KNOWN.containsKey(name) || i + 1 == args.length) {
                throw new IllegalArgumentException(
                        name.equals("help")
                                ? usage()
                                : "'%s' is no option, or lacks its value%n%s".formatted(args[i], usage()));
            }
            if (name.equals("policy")) {
                policies.add(Path.of(args[i + 1]));
            } else {
                values.put(name, args[i + 1]);
            }
        }
        return new Options(Map.copyOf(values), List.copyOf(policies));
    }

    static String usage() {
        StringBuilder text = new StringBuilder("replay [options]\n");
        KNOWN.forEach((name, what) -> text.append("  --%-10s  %s%n".formatted(name, what)));
        return text + "scenarios: " + Scenarios.names() + "; profiles: "
                + Profile.NAMED.stream().map(Profile::name).toList();
    }

    Optional<Path> trace() {
        return Optional.ofNullable(values.get("trace")).map(Path::of);
    }

    Path traces() {
        return Path.of(values.getOrDefault("traces", "../shared/traces"));
    }

    Path plots() {
        return Path.of(values.getOrDefault("plots", "target/replay"));
    }

    String scenario() {
        return values.getOrDefault("scenario", "reference");
    }

    String only() {
        return values.getOrDefault("only", "");
    }

    long seed() {
        return (long) number("seed", 1);
    }

    int seeds() {
        int seeds = (int) number("seeds", 1);
        if (seeds < 1) {
            throw new IllegalArgumentException("--seeds wants 1 or more, got '" + values.get("seeds") + "'");
        }
        return seeds;
    }

    Optional<Profile> profile() {
        return Optional.ofNullable(values.get("profile")).map(Profile::named);
    }

    double coldStartSeconds() {
        return number("cold-start", Lives.SIX_MINUTES.totalSeconds());
    }

    double sloSeconds() {
        return number("slo", 2);
    }

    /** Least and most. */
    Optional<int[]> pods() {
        return Optional.ofNullable(values.get("pods")).map(text -> {
            try {
                int dash = text.indexOf('-');
                int least = Integer.parseInt(text.substring(0, dash));
                int most = Integer.parseInt(text.substring(dash + 1));
                if (least < 1 || most < least) {
                    throw new IllegalArgumentException(
                            "--pods wants least-most, 1 or more and the least first, such as 2-14, got '" + text + "'");
                }
                return new int[] {least, most};
            } catch (NumberFormatException | IndexOutOfBoundsException e) {
                throw new IllegalArgumentException("--pods wants least-most, such as 2-14, got '" + text + "'", e);
            }
        });
    }

    private double number(String name, double otherwise) {
        String text = values.get(name);
        try {
            return text == null ? otherwise : Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--%s wants a number, got '%s'".formatted(name, text), e);
        }
    }
}
