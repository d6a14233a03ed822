package dev.pilotlight.inject;

import java.time.Instant;
import java.util.Optional;

/**
 * The pair that the webhook shows, and what is wrong with the one in its files. A renewed pair that cannot be used does not take the
 * place of one that can: the two files may be seen in the middle of a change.
 *
 * @param shown to whoever connects from now on
 * @param trouble why the files' own pair is not shown
 * @param said whether that was so at the look before, too, and is to be said
 */
record Certificate(Optional<KeyPair> shown, Optional<String> trouble, boolean said) {
    static final Certificate NONE = new Certificate(Optional.empty(), Optional.empty(), false);

    /** What the files hold. */
    sealed interface Found {
        record Pair(KeyPair pair) implements Found {}

        record Wrong(String why) implements Found {}
    }

    Certificate look(Found found, Instant now) {
        Optional<String> why =
                switch (found) {
                    case Found.Pair(KeyPair pair) -> pair.trouble(now);
                    case Found.Wrong(String wrong) -> Optional.of(wrong);
                };
        if (why.isEmpty() && found instanceof Found.Pair(KeyPair pair)) {
            return new Certificate(Optional.of(pair), Optional.empty(), false);
        }
        return new Certificate(shown, why, trouble.isPresent());
    }

    /** Whether an API server can trust it now. */
    boolean isGood(Instant now) {
        return shown.filter(pair -> pair.trouble(now).isEmpty()).isPresent();
    }

    /** One line for people. */
    String line(Instant now) {
        String good = shown.map(pair -> "the webhook shows "
                        + pair.certificate().getSubjectX500Principal() + ", valid until " + pair.until())
                .orElse("the webhook shows no certificate");
        return trouble.map(why ->
                        (isGood(now) ? good + "; the renewed one cannot be used: " : "the webhook cannot be trusted: ")
                                + why + "; renew the secret, see docs/injection.md")
                .orElse(good);
    }
}
