package dev.pilotlight.documents;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** {@code scripts/...}: the file is there and can be run, and a word in small letters after it is one of its cases. */
final class ScriptLine {
    private ScriptLine() {}

    static List<String> problems(Command command) {
        Path script = Path.of(command.tool());
        if (!Files.isExecutable(script)) {
            return List.of(script + " cannot be run");
        }
        return command.words().stream()
                .skip(1)
                .filter(word -> word.matches("[a-z]+"))
                .filter(word ->
                        !Command.read(script).matches("(?s).*\\n\\s*(\\w+ ?\\| ?)*" + word + "( ?\\|[^)]*)?\\).*"))
                .map(word -> script + " has no " + word)
                .toList();
    }
}
