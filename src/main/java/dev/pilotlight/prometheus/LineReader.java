package dev.pilotlight.prometheus;

import java.util.Arrays;
import java.util.Map;

/** Reads one line after the other and puts what is wanted of them into the table of series. */
final class LineReader {
    /** The longest line read, in bytes; a vLLM line with all its labels has under 2,000. */
    static final int LONGEST = 64 << 10;

    private static final long COMMENT_MASK = (1L << 56) - 1;
    private static final long HELP = asciiWord("# HELP ");
    private static final long TYPE = asciiWord("# TYPE ");

    private final Wanted wanted;
    private final SeriesTable table;
    private final DoubleText number = new DoubleText();

    private long[] declared;
    private int malformed;
    private boolean atStart;
    /** Where the name last looked at ends, its closing quote included. */
    private int nameEnd;

    LineReader(Wanted wanted, SeriesTable table) {
        this.wanted = wanted;
        this.table = table;
    }

    void begin() {
        declared = new long[(wanted.names().size() + 63) >>> 6];
        malformed = 0;
        atStart = true;
    }

    /** One bit for each wanted name, by its number. */
    long[] declared() {
        return declared;
    }

    int malformed() {
        return malformed;
    }

    /** Reads the line {@code [from, to)}; the byte at {@code to} must be a newline. */
    void read(byte[] bytes, int from, int to) {
        if (atStart) {
            atStart = false;
            from = afterByteOrderMark(bytes, from, to);
        }
        if (to - from > LONGEST) {
            readTooLong(bytes, from, from + LONGEST);
            return;
        }
        if (to > from && bytes[to - 1] == '\r') {
            to--;
        }
        Spelling expected = table.expected();
        if (expected != null && expected.begins(bytes, from, to)) {
            readValue(expected, bytes, from + expected.text.length + 1, to);
            return;
        }
        from = afterBlanks(bytes, from, to);
        if (from == to) {
            return;
        }
        if (bytes[from] == '#') {
            readComment(bytes, from, to);
        } else {
            Wanted.Name name = sampleName(bytes, from, to);
            if (name != null) {
                readSample(name, bytes, from, to);
            }
        }
    }

    private void readComment(byte[] bytes, int from, int to) {
        long start = Swar.word(bytes, from) & COMMENT_MASK;
        if (start != HELP && start != TYPE) {
            return;
        }
        int at = afterBlanks(bytes, from + 7, to);
        if (at >= to) {
            return;
        }
        Wanted.Name name = name(bytes, at, to);
        if (name != null && (nameEnd == to || isBlank(bytes[nameEnd]))) {
            for (int index : name.declared()) {
                declared[index >>> 6] |= 1L << index;
            }
        }
    }

    /** The wanted name of the sample that begins at {@code from}, or null. */
    private Wanted.Name sampleName(byte[] bytes, int from, int to) {
        // {"name", label="value"} is how the newer format writes a name that is not of the old alphabet.
        int at = from < to && bytes[from] == '{' ? afterBlanks(bytes, from + 1, to) : from;
        if (at > from && (at == to || bytes[at] != '"')) {
            return null;
        }
        Wanted.Name name = name(bytes, at, to);
        return name == null || name.sample() == Wanted.NONE ? null : name;
    }

    private Wanted.Name name(byte[] bytes, int from, int to) {
        return from < to && bytes[from] == '"' ? quotedName(bytes, from + 1, to) : bareName(bytes, from, to);
    }

    private Wanted.Name bareName(byte[] bytes, int from, int to) {
        long hash = 0;
        int at = from;
        long word = Swar.word(bytes, at);
        long ends = Swar.nameEnds(word);
        while (ends == 0) {
            hash = Swar.mix(hash, word);
            at += Long.BYTES;
            word = Swar.word(bytes, at);
            ends = Swar.nameEnds(word);
        }
        int rest = Swar.first(ends);
        nameEnd = at + rest;
        if (nameEnd == from || nameEnd > to) {
            return null;
        }
        return wanted.find(bytes, from, nameEnd, rest == 0 ? hash : Swar.mix(hash, Swar.head(word, rest)));
    }

    private Wanted.Name quotedName(byte[] bytes, int from, int to) {
        int at = from;
        while (at < to && bytes[at] != '"' && bytes[at] != '\\') {
            at++;
        }
        if (at == to || bytes[at] == '\\') {
            return null;
        }
        nameEnd = at + 1;
        return wanted.find(bytes, from, at, Swar.hash(bytes, from, at));
    }

    private void readSample(Wanted.Name name, byte[] bytes, int from, int to) {
        boolean nameInside = bytes[from] == '{';
        int labels = afterBlanks(bytes, nameEnd, to);
        int end = nameEnd;
        if (nameInside) {
            boolean more = labels < to && bytes[labels] == ',';
            labels = more ? labels + 1 : labels;
            end = LabelText.close(bytes, labels, to) + 1;
            end = more || end == labels + 1 ? end : 0;
        } else if (labels < to && bytes[labels] == '{') {
            labels++;
            end = LabelText.close(bytes, labels, to) + 1;
        } else if (labels == nameEnd) {
            end = 0;
        }
        if (end == 0) {
            malformed++;
            return;
        }
        long hash = Swar.hash(bytes, from, end);
        Spelling spelling = table.find(bytes, from, end, hash);
        if (spelling != null) {
            readValue(spelling, bytes, afterBlanks(bytes, end, to), to);
            return;
        }
        Map<String, String> labelMap = end == nameEnd ? Map.of() : LabelText.read(bytes, labels, end - 1);
        double value = number.read(bytes, afterBlanks(bytes, end, to), to);
        if (labelMap == null || !endsWell(bytes, number.end(), to)) {
            malformed++;
            return;
        }
        Series series = new Series(name.string(), labelMap);
        table.put(table.add(Arrays.copyOfRange(bytes, from, end), hash, name.sample(), series), value);
    }

    private void readValue(Spelling spelling, byte[] bytes, int from, int to) {
        double value = number.read(bytes, from, to);
        if (endsWell(bytes, number.end(), to)) {
            table.put(spelling, value);
        } else {
            malformed++;
        }
    }

    /** Whether the value is followed by nothing but, at most, a timestamp and an exemplar. */
    private boolean endsWell(byte[] bytes, int valueEnd, int to) {
        if (valueEnd == to) {
            return true;
        }
        if (valueEnd < 0 || !isBlank(bytes[valueEnd])) {
            return false;
        }
        int at = afterBlanks(bytes, valueEnd, to);
        if (at < to && bytes[at] != '#') {
            double timestamp = number.read(bytes, at, to);
            if (number.end() < 0 || !Double.isFinite(timestamp) || number.end() < to && !isBlank(bytes[number.end()])) {
                return false;
            }
            at = afterBlanks(bytes, number.end(), to);
        }
        return at == to || bytes[at] == '#' && isExemplar(bytes, at, to);
    }

    private static boolean isExemplar(byte[] bytes, int hash, int to) {
        int at = afterBlanks(bytes, hash + 1, to);
        return at < to && bytes[at] == '{';
    }

    private void readTooLong(byte[] bytes, int from, int to) {
        if (sampleName(bytes, afterBlanks(bytes, from, to), to) != null) {
            malformed++;
        }
    }

    private static int afterByteOrderMark(byte[] bytes, int from, int to) {
        boolean marked = to - from >= 3
                && bytes[from] == (byte) 0xEF
                && bytes[from + 1] == (byte) 0xBB
                && bytes[from + 2] == (byte) 0xBF;
        return marked ? from + 3 : from;
    }

    private static int afterBlanks(byte[] bytes, int from, int to) {
        int at = from;
        while (at < to && isBlank(bytes[at])) {
            at++;
        }
        return at;
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }

    private static long asciiWord(String text) {
        long word = 0;
        for (int i = text.length() - 1; i >= 0; i--) {
            word = word << 8 | text.charAt(i);
        }
        return word;
    }
}
