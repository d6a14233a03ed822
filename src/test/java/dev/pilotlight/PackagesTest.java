package dev.pilotlight;

import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Each package says in its package-info what it is for and which others it uses, and the class files say the same. */
class PackagesTest {
    private static final String ROOT = "dev.pilotlight";
    private static final Path SOURCES = Path.of("src/main/java", ROOT.replace('.', '/'));
    private static final Pattern USES = Pattern.compile("Uses: ([a-z., ]+|nothing of ours)\\.\\s");
    /** "Three lines": what a package is for fits in as many sentences. */
    private static final int LONGEST = 400;

    private static final JavaClasses HOUSE = new ClassFileImporter()
            .importUrl(Main.class.getProtectionDomain().getCodeSource().getLocation());

    @Test
    void usesWhatItsPackageInfoSays() {
        Map<String, Set<String>> said = new TreeMap<>();
        used().keySet().forEach(name -> said.put(name, saidToUse(words(name))));
        assertThat(said)
                .as("the line \"Uses:\" of each package-info.java, against the dependencies of the class files")
                .isEqualTo(used());
    }

    @Test
    void saysWhatItIsForInAFewSentences() {
        assertThat(used().keySet()).allSatisfy(name -> assertThat(
                        USES.matcher(words(name)).replaceAll("").strip())
                .hasSizeBetween(20, LONGEST));
    }

    @Test
    void aUseThatIsNotSaidIsFound() {
        assertThat(saidToUse("For this. Uses: engine, pool.plan. ")).isEqualTo(Set.of("engine", "pool.plan"));
        assertThat(saidToUse("For that. Uses: nothing of ours. ")).isEmpty();
        assertThat(used().get("cluster")).contains("pool.plan").doesNotContain("loop");
    }

    private static Map<String, Set<String>> used() {
        Map<String, Set<String>> used = new TreeMap<>();
        for (JavaClass type : HOUSE) {
            Set<String> others = type.getDirectDependenciesFromSelf().stream()
                    .map(it -> it.getTargetClass().getBaseComponentType().getPackageName())
                    .filter(name -> name.startsWith(ROOT) && !name.equals(type.getPackageName()))
                    .map(PackagesTest::shortened)
                    .collect(toCollection(TreeSet::new));
            used.computeIfAbsent(shortened(type.getPackageName()), _ -> new TreeSet<>())
                    .addAll(others);
        }
        return used;
    }

    private static String shortened(String name) {
        return name.equals(ROOT) ? "" : name.substring(ROOT.length() + 1);
    }

    private static Set<String> saidToUse(String words) {
        Matcher uses = USES.matcher(words);
        assertThat(uses.find()).as("a line \"Uses:\" in %s", words).isTrue();
        return uses.group(1).equals("nothing of ours")
                ? Set.of()
                : new TreeSet<>(List.of(uses.group(1).split(", ")));
    }

    /** The text of a package's comment, in one line. */
    private static String words(String name) {
        Path info = SOURCES.resolve(name.replace('.', '/')).resolve("package-info.java");
        try (Stream<String> lines = Files.lines(info)) {
            return lines.filter(line -> line.startsWith(" * "))
                            .map(line -> line.substring(3).replace("<p>", ""))
                            .reduce((before, line) -> before + " " + line)
                            .orElse("")
                    + " ";
        } catch (IOException missing) {
            throw new UncheckedIOException(missing);
        }
    }
}
