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

    /** No labels can begin at 0: a name stands before them. */
    private static final int NO_LABELS = 0;

    private static final int NOWHERE = -1;

    private final Wanted wanted;
    private final SeriesTable table;
    private final DoubleText numbers = new DoubleText();

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
        // A page is most like the one before it: nearly every wanted line ends here.
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
        Wanted.Name name = bytes[at] == '"' ? quotedName(bytes, at, to) : bareName(bytes, at, to);
        if (name != null && (nameEnd == to || isBlank(bytes[nameEnd]))) {
            for (int index : name.declared()) {
                declared[index >>> 6] |= 1L << index;
            }
        }
    }

    /** The wanted name of the sample that begins at {@code from}, or null. */
    private Wanted.Name sampleName(byte[] bytes, int from, int to) {
        boolean nameInside = from < to && bytes[from] == '{';
        Wanted.Name name =
                nameInside ? quotedName(bytes, afterBlanks(bytes, from + 1, to), to) : bareName(bytes, from, to);
        return name == null || name.sample() == Wanted.NONE ? null : name;
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

    /** Of the newer format, {@code {"name", label="value"}}: the only way to write a name outside the old alphabet. */
    private Wanted.Name quotedName(byte[] bytes, int quote, int to) {
        if (quote == to || bytes[quote] != '"') {
            return null;
        }
        int at = quote + 1;
        while (at < to && bytes[at] != '"' && bytes[at] != '\\') {
            at++;
        }
        if (at == to || bytes[at] == '\\') {
            return null;
        }
        nameEnd = at + 1;
        return wanted.find(bytes, quote + 1, at, Swar.hash(bytes, quote + 1, at));
    }

    private void readSample(Wanted.Name name, byte[] bytes, int from, int to) {
        int labels = labelsStart(bytes, bytes[from] == '{', to);
        int end = seriesEnd(bytes, labels, to);
        if (end == NOWHERE) {
            malformed++;
            return;
        }
        long hash = Swar.hash(bytes, from, end);
        int value = afterBlanks(bytes, end, to);
        Spelling seen = table.find(bytes, from, end, hash);
        if (seen != null) {
            readValue(seen, bytes, value, to);
            return;
        }
        Map<String, String> read = labels == NO_LABELS ? Map.of() : LabelText.read(bytes, labels, end - 1);
        double number = numbers.read(bytes, value, to);
        if (read == null || !endsWell(bytes, numbers.end(), to)) {
            malformed++;
            return;
        }
        Series series = new Series(name.string(), read);
        table.put(table.add(Arrays.copyOfRange(bytes, from, end), hash, name.sample(), series), number);
    }

    /** Where the labels begin that belong to the name last looked at. */
    private int labelsStart(byte[] bytes, boolean nameInside, int to) {
        int at = afterBlanks(bytes, nameEnd, to);
        if (at == to) {
            return NOWHERE;
        }
        if (nameInside) {
            return bytes[at] == ',' ? at + 1 : bytes[at] == '}' ? at : NOWHERE;
        }
        if (bytes[at] == '{') {
            return at + 1;
        }
        return at > nameEnd ? NO_LABELS : NOWHERE;
    }

    private int seriesEnd(byte[] bytes, int labels, int to) {
        if (labels <= NO_LABELS) {
            return labels == NO_LABELS ? nameEnd : NOWHERE;
        }
        int brace = LabelText.close(bytes, labels, to);
        return brace < 0 ? NOWHERE : brace + 1;
    }

    private void readValue(Spelling spelling, byte[] bytes, int from, int to) {
        double value = numbers.read(bytes, from, to);
        if (endsWell(bytes, numbers.end(), to)) {
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
            double timestamp = numbers.read(bytes, at, to);
            if (numbers.end() < 0
                    || !Double.isFinite(timestamp)
                    || numbers.end() < to && !isBlank(bytes[numbers.end()])) {
                return false;
            }
            at = afterBlanks(bytes, numbers.end(), to);
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
