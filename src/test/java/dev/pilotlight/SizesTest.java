package dev.pilotlight;

import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Large classes and wide records are where state, effects and I/O meet unseen: both are held small, or give a reason. */
class SizesTest {
    private static final Path SOURCES = Path.of("src/main/java");
    private static final int MOST_LINES = 300;
    private static final int MOST_COMPONENTS = 8;

    /** Records with more components than eight, and why. */
    private static final Map<String, String> WIDE = Map.ofEntries(
            Map.entry("AdmittedPod", "the parts of a pod that decide on an injection, as the API lists them"),
            Map.entry(
                    "EngineTrack",
                    "what one process was seen to do: instants and flags that each reading moves together"),
            Map.entry("Evidence", "one row of arguments for all verdicts"),
            Map.entry("Inject", "what the patch writes, each a field of the sidecar's container"),
            Map.entry("OwnPod", "the parts of a pod that are gone by, as the API lists them"),
            Map.entry("Policy", "one for each capability that is set, and from when a reading is stale"),
            Map.entry("Rank", "one for each metric that vLLM gives by rank"),
            Map.entry("Signals", "one for each signal that is published"));

    private static final Pattern RECORD = Pattern.compile("\\brecord (\\w+)(?:<[^(]*>)?\\(");

    @Test
    void noClassIsLongerThanThreeHundredLines() throws IOException {
        Map<String, Integer> tooLong = new TreeMap<>();
        for (Path file : sources()) {
            int lines = Files.readAllLines(file).size();
            String name = SOURCES.relativize(file).toString().replaceAll("^dev/pilotlight/|\\.java$", "");
            if (lines > MOST_LINES) {
                tooLong.put(name, lines);
            }
        }
        assertThat(tooLong).as("split by purpose").isEmpty();
    }

    @Test
    void aRecordOfMoreThanEightComponentsSaysWhy() throws IOException {
        Set<String> wide = new TreeSet<>();
        for (Path file : sources()) {
            String text = Files.readString(file);
            Matcher record = RECORD.matcher(text);
            while (record.find()) {
                if (components(text, record.end()) > MOST_COMPONENTS) {
                    wide.add(record.group(1));
                }
            }
        }
        assertThat(wide).as("group what belongs together").isEqualTo(WIDE.keySet());
    }

    @Test
    void countsComponentsThroughTypesAndAnnotations() {
        assertThat(components("(int a, Map<String, List<Integer>> b, @Given(x = 1, y = 2) Optional<A> c) {", 1))
                .isEqualTo(3);
        assertThat(components("() {}", 1)).isZero();
    }

    private static Set<Path> sources() throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            return files.filter(file -> file.toString().endsWith(".java")).collect(toCollection(TreeSet::new));
        }
    }

    /** Of the list that begins there, after its parenthesis. */
    private static int components(String text, int from) {
        int depth = 0;
        int commas = 0;
        for (int i = from; ; i++) {
            switch (text.charAt(i)) {
                case '(', '<' -> depth++;
                case '>' -> depth--;
                case ')' -> {
                    if (depth-- == 0) {
                        return text.substring(from, i).isBlank() ? 0 : commas + 1;
                    }
                }
                case ',' -> commas += depth == 0 ? 1 : 0;
                default -> {}
            }
        }
    }
}
