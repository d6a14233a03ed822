package dev.pilotlight;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Code, logs and documents speak as the field does: words that this code base once had of its own do not come back. */
class GlossaryTest {
    /** Old words, and what to write. Compared word by word, also within an identifier. */
    private static final Map<String, String> OLD = new TreeMap<>(Map.ofEntries(
            Map.entry("doors?", "adapter; of a request: on arrival"),
            Map.entry("deeds?", "effect"),
            Map.entry("seats?", "leader elector, lease"),
            Map.entry("terms? of office|(took|in) office", "fencing term"),
            Map.entry("pool room", "pool member"),
            Map.entry("mirror(s|ed)?", "informer, cached"),
            Map.entry("troubles", "conditions"),
            Map.entry("(record|class|interface|enum) (believed|told|look)", "debounced, inputs"),
            Map.entry("pod mark|mark (track|policy)|marked pod", "pod metadata"),
            Map.entry("pod patch(er)?", "metadata patch"),
            Map.entry("fullness", "saturation"),
            Map.entry("places", "slots"),
            Map.entry("batch limits?", "slot limit"),
            Map.entry("mend(s|ed)?", "fix"),
            Map.entry("sight of", "access to"),
            Map.entry("by (somebody's )?order", "on request"),
            Map.entry("anew", "again")));

    /** Where an old word is not ours, with the reason. */
    private static final Map<String, String> KEPT = Map.of(
            "usual places", "of a file",
            "same places", "of settings",
            "14 places", "of a formula",
            "patch pod", "the effect's own name");

    private static final List<String> READ = List.of(
            "src/main", "docs", "k8s", "charts", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md");
    private static final Pattern TEXT = Pattern.compile(".*\\.(java|md|yaml|json|html|properties|sh|tpl|txt)");

    @Test
    void usesTheFieldsWords() throws IOException {
        List<String> found = new ArrayList<>();
        for (String root : READ) {
            try (Stream<Path> files = Files.walk(Path.of(root))) {
                for (Path file : files.filter(it -> TEXT.matcher(it.toString()).matches())
                        .toList()) {
                    List<String> lines = Files.readAllLines(file);
                    for (int i = 0; i < lines.size(); i++) {
                        String where = file + ":" + (i + 1) + ": ";
                        oldWords(lines.get(i)).forEach(word -> found.add(where + word));
                    }
                }
            }
        }
        assertThat(found).isEmpty();
    }

    @Test
    void findsAnOldWordInProseAndInAName() {
        assertThat(oldWords("Reads it anew, through a door.")).hasSize(2);
        assertThat(oldWords("private final PodMark readAnew;")).hasSize(2);
        assertThat(oldWords("from the usual places, in order, for the indoor fleet"))
                .isEmpty();
    }

    private static List<String> oldWords(String line) {
        String words = line.replaceAll("(?<=[a-z])(?=[A-Z])|_", " ").toLowerCase(java.util.Locale.ROOT);
        for (String kept : KEPT.keySet()) {
            words = words.replace(kept, "");
        }
        List<String> found = new ArrayList<>();
        for (Map.Entry<String, String> old : OLD.entrySet()) {
            Matcher word = Pattern.compile("\\b(" + old.getKey() + ")\\b").matcher(words);
            if (word.find()) {
                found.add("\"" + word.group() + "\": write " + old.getValue());
            }
        }
        return found;
    }
}
