package dev.pilotlight.simulator;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Just enough JSON: reads a document into maps, lists, strings, numbers and booleans, and quotes strings. */
final class Json {
    /** A text that is not JSON; the message says where. */
    static final class Broken extends Exception {
        private static final long serialVersionUID = 1;

        Broken(String what, int at) {
            super(what + " at " + at);
        }
    }

    private static final int DEEPEST = 64;

    private final String text;
    private int at;
    private int depth;

    private Json(String text) {
        this.text = text;
    }

    static Object read(String text) throws Broken {
        Json json = new Json(text);
        Object value = json.value();
        json.space();
        if (json.at < text.length()) {
            throw new Broken("extra text", json.at);
        }
        return value;
    }

    /** The fields of an object; nothing if the text is anything else, or broken. */
    static Map<String, Object> fields(String text) {
        try {
            return object(read(text));
        } catch (Broken _) {
            return Map.of();
        }
    }

    @SuppressWarnings("unchecked") // objects are read into maps with string keys
    static Map<String, Object> object(Object value) {
        return value instanceof Map<?, ?> map ? (Map<String, Object>) map : Map.of();
    }

    static String quote(String text) {
        StringBuilder out = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append("\\u%04x".formatted((int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }

    private Object value() throws Broken {
        space();
        if (at >= text.length()) {
            throw new Broken("value expected", at);
        }
        return switch (text.charAt(at)) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> string();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            case 'n' -> word("null", null);
            default -> number();
        };
    }

    private Map<String, Object> object() throws Broken {
        enter();
        Map<String, Object> fields = new LinkedHashMap<>();
        at++;
        while (!closes('}', fields.isEmpty())) {
            space();
            String key = string();
            expect(':');
            fields.put(key, value());
        }
        depth--;
        return fields;
    }

    private List<Object> array() throws Broken {
        enter();
        List<Object> items = new ArrayList<>();
        at++;
        while (!closes(']', items.isEmpty())) {
            items.add(value());
        }
        depth--;
        return items;
    }

    private void enter() throws Broken {
        if (++depth > DEEPEST) {
            throw new Broken("too deep", at);
        }
    }

    /** Takes the closing bracket, or the comma between two items. */
    private boolean closes(char bracket, boolean first) throws Broken {
        space();
        if (at < text.length() && text.charAt(at) == bracket) {
            at++;
            return true;
        }
        if (!first) {
            expect(',');
        }
        return false;
    }

    private String string() throws Broken {
        if (at >= text.length() || text.charAt(at) != '"') {
            throw new Broken("string expected", at);
        }
        StringBuilder out = new StringBuilder();
        for (at++; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '"') {
                at++;
                return out.toString();
            }
            out.append(c == '\\' ? escaped() : c);
        }
        throw new Broken("string without an end", at);
    }

    private char escaped() throws Broken {
        at++;
        char c = at < text.length() ? text.charAt(at) : 0;
        return switch (c) {
            case 'n' -> '\n';
            case 't' -> '\t';
            case 'r' -> '\r';
            case 'b' -> '\b';
            case 'f' -> '\f';
            case '"', '\\', '/' -> c;
            case 'u' -> {
                if (at + 4 >= text.length()) {
                    throw new Broken("bad escape", at);
                }
                try {
                    char code = (char) Integer.parseInt(text, at + 1, at + 5, 16);
                    at += 4;
                    yield code;
                } catch (NumberFormatException e) {
                    throw new Broken("bad escape", at);
                }
            }
            default -> throw new Broken("bad escape", at);
        };
    }

    private Object word(String word, Object value) throws Broken {
        if (!text.startsWith(word, at)) {
            throw new Broken("value expected", at);
        }
        at += word.length();
        return value;
    }

    private Double number() throws Broken {
        int start = at;
        while (at < text.length() && "+-.0123456789eE".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        try {
            return Double.valueOf(text.substring(start, at));
        } catch (NumberFormatException e) {
            throw new Broken("value expected", start);
        }
    }

    private void expect(char wanted) throws Broken {
        space();
        if (at >= text.length() || text.charAt(at) != wanted) {
            throw new Broken("'" + wanted + "' expected", at);
        }
        at++;
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }
}
