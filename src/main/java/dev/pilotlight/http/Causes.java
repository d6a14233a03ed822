package dev.pilotlight.http;

/** What went wrong, from the outermost failure down to what caused it. Many of the platform's say nothing by themselves. */
public final class Causes {
    private static final int DEEPEST = 20;

    private Causes() {}

    /** What each of them says, once; the kind of one that says nothing. */
    public static String words(Throwable failure) {
        StringBuilder text = new StringBuilder();
        int depth = 0;
        for (Throwable each = failure; each != null && depth < DEEPEST; each = each.getCause(), depth++) {
            String said = said(each);
            if (text.indexOf(said) < 0) {
                text.append(text.isEmpty() ? "" : ": ").append(said);
            }
        }
        return text.toString();
    }

    private static String said(Throwable failure) {
        String message = failure.getMessage();
        if (message != null && !message.isBlank()) {
            return message.strip();
        }
        String kind = failure.getClass().getSimpleName();
        return kind.endsWith("ClosedChannelException") ? "the connection was closed" : kind;
    }
}
