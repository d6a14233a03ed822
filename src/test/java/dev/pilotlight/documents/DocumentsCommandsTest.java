package dev.pilotlight.documents;

import static java.util.stream.Collectors.toCollection;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.config.Setting;
import dev.pilotlight.config.SettingsTable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The commands of every document can be given as they stand. What can be run without a cluster is: make runs dry, kubectl builds the folders and
 * says itself which verbs and flags it has. ChartIT runs the commands of docs/install.md on a real API server.
 */
class DocumentsCommandsTest {
    /** Commands that nothing here can hold, and why. One that is in no document any more, or that passes, fails the test. */
    private static final Map<String, String> UNTRIED = Map.of(
            "kubectl apply -k YOUR-OVERLAY",
            "the reader's own folder; ManifestsIT applies those that it lies over",
            "helm upgrade --install vllm vllm/vllm-stack -n models -f your.yaml -f k8s/with/production-stack/values.yaml",
            "another project's chart, and the reader's values",
            "make replay TRACE=my.csv POLICY=k8s/autoscaling/load ARGS=\"--profile 8b-80gb --slo 2 --cold-start 420\"",
            "the reader's trace; TraceFileTest reads one");

    /** Names that look like settings and are none. */
    private static final Map<String, String> NO_SETTINGS = Map.of(
            "PILOTLIGHT_ENGIN_URL", "the misspelling that the start refuses",
            "PILOTLIGHT_SERVICE_HOST", "Kubernetes' variable of a Service called pilotlight",
            "PILOTLIGHT_PORT_", "the same");

    private static final Pattern VARIABLE = Pattern.compile("\\bPILOTLIGHT_[A-Z][A-Z_]*");
    private static final Pattern KEY = Pattern.compile("(?<![.\\w])pilotlight\\.dev(?:/|~1)([a-z]+(?:-[a-z]+)*)");

    static List<Command> commands() {
        return Command.all();
    }

    private static List<String> problems(Command command) {
        List<String> problems = new ArrayList<>(ServedPaths.problems(command));
        problems.addAll(
                switch (command.tool()) {
                    case "make" -> MakeLine.problems(command);
                    case "kubectl" -> KubectlLine.problems(command);
                    case "helm" -> HelmLine.problems(command);
                    case "curl" -> List.of(); // its path is held above
                    case String script when script.startsWith("scripts/") -> ScriptLine.problems(command);
                    case String other -> List.of(other + " is no tool that this test knows");
                });
        return problems;
    }

    @ParameterizedTest
    @MethodSource("commands")
    void canBeGivenAsItStands(Command command) {
        List<String> problems = problems(command);
        if (UNTRIED.containsKey(command.text().replaceAll("\\s+", " "))) {
            assertThat(problems)
                    .as("%s passes: take it out of the list of the untried", command)
                    .isNotEmpty();
        } else {
            assertThat(problems).as(command.toString()).isEmpty();
        }
    }

    @Test
    void leavesUntriedOnlyWhatStandsInADocument() {
        Set<String> standing = commands().stream()
                .map(command -> command.text().replaceAll("\\s+", " "))
                .collect(toSet());
        assertThat(standing).containsAll(UNTRIED.keySet());
    }

    @Test
    void isKnownToHelm() {
        assertThat(commands().stream()
                        .filter(command -> command.tool().equals("helm"))
                        .flatMap(command ->
                                HelmLine.unknownToHelm(command).stream().map(it -> command + ": " + it)))
                .isEmpty();
    }

    /** Else a command would be taken for what a program says. */
    @Test
    void standsInABlockThatIsMarked() {
        Pattern unmarked =
                Pattern.compile("(?m)^ *```\\n(?:(?! *```).*\\n)*? *(?:make|kubectl|helm|curl|scripts/\\S+) .*");
        assertThat(Command.pages().stream().flatMap(page -> {
                    String text = Command.read(page);
                    // From fence to fence, so that an end is not taken for a beginning.
                    return Pattern.compile("(?m)^ *```.*\\n(?s:.*?)^ *```$")
                            .matcher(text)
                            .results()
                            .map(MatchResult::group)
                            .filter(block -> unmarked.matcher(block).lookingAt())
                            .map(block -> page + ": mark as sh:\n" + block);
                }))
                .isEmpty();
    }

    @Test
    void setsOnlyVariablesThatAreSettings() {
        Set<String> known =
                new TreeSet<>(SettingsTable.ALL.stream().map(Setting::variable).toList());
        Set<String> named = named(VARIABLE, 0);
        assertThat(named).containsAll(NO_SETTINGS.keySet());
        known.addAll(NO_SETTINGS.keySet());
        assertThat(named).hasSizeGreaterThan(10).isSubsetOf(known);
    }

    @Test
    void namesOnlyKeysThatTheCodeKnows() {
        Set<String> known = new TreeSet<>();
        for (String type : List.of("inject/Keys.java", "kube/Names.java")) {
            Pattern.compile("(?:\"pilotlight\\.dev/|PREFIX \\+ \")([a-z-]+)\"")
                    .matcher(Command.read(Path.of("src/main/java/dev/pilotlight", type)))
                    .results()
                    .map(found -> found.group(1))
                    .forEach(known::add);
        }
        assertThat(named(KEY, 1)).hasSizeGreaterThan(10).isSubsetOf(known);
    }

    private static TreeSet<String> named(Pattern pattern, int group) {
        return Command.pages().stream()
                .flatMap(page -> pattern.matcher(Command.read(page)).results())
                .map(found -> found.group(group))
                .collect(toCollection(TreeSet::new));
    }

    /** That the test would see a mistake: each of these has one. */
    @Nested
    class Finds {
        private static String first(String text) {
            return problems(Command.in(Path.of("a.md"), "```sh\n" + text + "\n```")
                            .getFirst())
                    .toString();
        }

        @ParameterizedTest
        @MethodSource("dev.pilotlight.documents.DocumentsCommandsTest#mistakes")
        void theMistake(String text, String said) {
            assertThat(first(text)).contains(said);
        }
    }

    static Stream<Arguments> mistakes() {
        return Stream.of(new String[][] {
                    {"make tset", "tset"},
                    {"make test-cluster CLUSTR=RightsIT", "no variable CLUSTR"},
                    {"make test-cluster CLUSTER=RightIT", "no test RightIT"},
                    {"make replay SCENARIO=\"flash crowds\"", "no scenario flash crowds"},
                    {"make replay ARGS=\"--sloo 2\"", "'--sloo' is no option"},
                    {"kubectl aply -k k8s/base", "no aply"},
                    {"kubectl apply -k k8s/bas", "no folder of ours"},
                    {"kubectl get pods --namspace x", "has no --namspace"},
                    {"kubectl patch hpa x -p '{\"spec\":'", "no JSON"},
                    {"kubectl exec POD -- /application check", "does not start /application"},
                    {"kubectl exec POD -- /pilotlight/application chck", "no command but check"},
                    {"kubectl get --raw /api/v1/namespaces/a/pods/POD:9110/proxy/api/v1/state", "serves no"},
                    {"curl http://localhost:9110/metric", "serves no /metric"},
                    {"helm install pilotlight charts/pilot", "the chart is charts/pilotlight"},
                    {"helm upgrade pilotlight charts/pilotlight --set image.tga=1", "no value image.tga"},
                    {"helm upgrade pilotlight charts/pilotlight --set injection=policies", "takes no injection=policies"
                    },
                    {"scripts/cluster/cluster.sh upp DIR", "has no upp"},
                    {"docker build .", "no tool"}
                })
                .map(it -> Arguments.of((Object[]) it));
    }
}
