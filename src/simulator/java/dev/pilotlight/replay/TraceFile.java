package dev.pilotlight.replay;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.List;

/**
 * Reads a trace: CSV with a header and the columns arrival, prompt tokens, output tokens (that is also the form of the Azure LLM
 * inference traces), or JSON lines with {@code timestamp} (milliseconds), {@code input_length}, {@code output_length} (Mooncake's).
 * An arrival is a number of seconds or a date and time.
 */
final class TraceFile {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_SHOWN = 80;

    private TraceFile() {}

    static Arrivals read(Path file) {
        try {
            List<String> lines = Files.readAllLines(file);
            return file.toString().endsWith(".jsonl") ? jsonLines(file, lines) : csv(file, lines);
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot read the trace " + file + ": " + e, e);
        }
    }

    private static Arrivals csv(Path file, List<String> lines) {
        Arrivals.Builder trace = Arrivals.builder(file.getFileName().toString());
        double first = Double.NaN;
        double last = 0;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            boolean isHeader = i == 0 && line.chars().anyMatch(Character::isLetter);
            if (line.isEmpty() || isHeader) {
                continue;
            }
            String[] cells = line.split(",");
            try {
                double at = seconds(cells[0].strip());
                first = Double.isNaN(first) ? at : first;
                last = Math.max(last, at - first);
                trace.add(nanos(at - first), tokens(cells[1]), tokens(cells[2]));
            } catch (RuntimeException e) {
                throw new IllegalArgumentException(
                        "%s:%d: '%s' is not arrival,prompt tokens,output tokens (arrival in seconds or as a date and time, tokens 1 or more)"
                                .formatted(file, i + 1, line),
                        e);
            }
        }
        return trace.endingAt(nanos(last) + 1);
    }

    private static int tokens(String cell) {
        int count = Integer.parseInt(cell.strip());
        if (count < 1) {
            throw new IllegalArgumentException("no request has " + count + " tokens");
        }
        return count;
    }

    private static double seconds(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException _) {
            return date(text);
        }
    }

    private static double date(String text) {
        String iso = text.replace(' ', 'T').replaceFirst("(Z|[+-]\\d\\d:?\\d\\d)$", "");
        try {
            LocalDateTime time = LocalDateTime.parse(iso);
            return time.toEpochSecond(ZoneOffset.UTC) + time.getNano() * 1e-9;
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException("'" + text + "' is neither a number of seconds nor a date and time", e);
        }
    }

    private static Arrivals jsonLines(Path file, List<String> lines) {
        Arrivals.Builder trace = Arrivals.builder(file.getFileName().toString());
        double last = 0;
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).isBlank()) {
                continue;
            }
            try {
                JsonNode row = JSON.readTree(lines.get(i));
                double at = number(row, "timestamp") / 1000;
                last = Math.max(last, at);
                trace.add(
                        nanos(at),
                        tokens(row.path("input_length").asText()),
                        tokens(row.path("output_length").asText()));
            } catch (IOException | IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "%s:%d: wants timestamp (milliseconds), input_length and output_length (tokens, 1 or more), not '%s'"
                                .formatted(file, i + 1, shortened(lines.get(i))),
                        e);
            }
        }
        return trace.endingAt(nanos(last) + 1);
    }

    private static double number(JsonNode row, String key) {
        if (!row.path(key).isNumber()) {
            throw new IllegalArgumentException("no number " + key);
        }
        return row.path(key).asDouble();
    }

    private static String shortened(String line) {
        return line.length() <= MOST_SHOWN ? line : line.substring(0, MOST_SHOWN) + " ...";
    }

    private static long nanos(double seconds) {
        return Math.round(seconds * 1e9);
    }
}
