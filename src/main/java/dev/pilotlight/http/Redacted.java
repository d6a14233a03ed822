package dev.pilotlight.http;

import java.util.regex.Pattern;

/** What may be shown of a URL: never the user and the password in it, wherever it goes. */
public final class Redacted {
    /** As far as the last @ of a word: what is no URL by the book is hidden rather than shown. */
    private static final Pattern USER = Pattern.compile("://[^\\s]*@");

    private Redacted() {}

    /** Of a URL, or of a text with URLs in it. */
    public static String url(Object text) {
        return USER.matcher(String.valueOf(text)).replaceAll("://***@");
    }
}
