package dev.pilotlight.documents;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A command that a document gives its reader: a line of a block marked {@code sh}, or words in backticks that begin with one of our tools.
 *
 * @param text one line, without prompt, comment or what it is piped to
 */
record Command(Path page, int line, String text) {
    /** In running text the name of a tool alone is a name. */
    private static final Pattern INLINE = Pattern.compile("`((?:make|kubectl|helm|curl) [^`]+|scripts/[^`]+)`");

    private static final Pattern WORD = Pattern.compile("(?:[^\\s'\"]|'[^']*'|\"[^\"]*\")+");
    private static final Pattern QUOTED = Pattern.compile("'([^']*)'|\"([^\"]*)\"");
    private static final Pattern COMMENT = Pattern.compile("(^|\\s)#.*$");
    private static final Pattern PIPE = Pattern.compile("\\s\\|\\s.*$");

    static List<Path> pages() {
        try (Stream<Path> top = Files.list(Path.of(""));
                Stream<Path> docs = Files.walk(Path.of("docs"))) {
            return Stream.of(top, docs, Stream.of(Path.of("k8s/README.md")))
                    .flatMap(files -> files)
                    .filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .toList();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    static String read(Path page) {
        try {
            return Files.readString(page);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    static List<Command> all() {
        return pages().stream().flatMap(page -> in(page, read(page)).stream()).toList();
    }

    static List<Command> in(Path page, String text) {
        List<Command> commands = new ArrayList<>();
        String block = null;
        String continued = "";
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            if (line.strip().startsWith("```")) {
                block = block == null ? line.strip().substring(3) : null;
            } else if (block == null) {
                Matcher inline = INLINE.matcher(line);
                while (inline.find()) {
                    commands.add(of(page, number, inline.group(1)));
                }
            } else if (block.equals("sh")) {
                String whole = continued + line.strip();
                continued = whole.endsWith("\\") ? whole.substring(0, whole.length() - 1) : "";
                Command command = of(page, number, whole);
                if (continued.isEmpty() && !command.text.isEmpty()) {
                    commands.add(command);
                }
            }
        }
        return commands;
    }

    private static Command of(Path page, int number, String text) {
        String bare = PIPE.matcher(COMMENT.matcher(text).replaceAll("")).replaceAll("");
        return new Command(page, number, bare.strip());
    }

    /** As a shell would split it. */
    List<String> words() {
        return WORD.matcher(text)
                .results()
                .map(word -> QUOTED.matcher(word.group())
                        .replaceAll(quoted ->
                                Matcher.quoteReplacement(quoted.group(1) == null ? quoted.group(2) : quoted.group(1))))
                .toList();
    }

    String tool() {
        return words().getFirst();
    }

    /** The words before {@code --}, or from there on. */
    List<String> own() {
        int end = words().indexOf("--");
        return end < 0 ? words() : words().subList(0, end);
    }

    List<String> inTheContainer() {
        int end = words().indexOf("--");
        return end < 0 ? List.of() : words().subList(end + 1, words().size());
    }

    /** Every value of that flag: {@code -k PATH}, {@code --set PATH}, {@code --type=merge}. */
    List<String> values(String flag) {
        List<String> words = own();
        List<String> values = new ArrayList<>();
        for (int at = 0; at < words.size(); at++) {
            if (words.get(at).equals(flag) && at + 1 < words.size()) {
                values.add(words.get(at + 1));
            } else if (words.get(at).startsWith(flag + "=")) {
                values.add(words.get(at).substring(flag.length() + 1));
            }
        }
        return values;
    }

    @Override
    public String toString() {
        return page + ":" + line + ": " + text;
    }
}
