package dev.pilotlight.api;

import jakarta.inject.Singleton;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import org.eclipse.microprofile.config.Config;

/** The settings in force, as shown by the API: a file's name may be shown, its content never is. */
@Singleton
final class InForce {
    private final Map<String, String> settings = new TreeMap<>();

    InForce(Config config) {
        StreamSupport.stream(config.getPropertyNames().spliterator(), false)
                .filter(name -> name.startsWith("pilotlight."))
                .forEach(name -> config.getOptionalValue(name, String.class)
                        .ifPresent(value -> settings.put(name, withoutSecrets(value))));
    }

    /** A URL may carry a user and a password. */
    static String withoutSecrets(String value) {
        int scheme = value.indexOf("://");
        int at = value.indexOf('@', Math.max(0, scheme));
        int slash = scheme < 0 ? -1 : value.indexOf('/', scheme + 3);
        return scheme >= 0 && at > 0 && (slash < 0 || at < slash)
                ? value.substring(0, scheme + 3) + "***" + value.substring(at)
                : value;
    }

    Map<String, String> settings() {
        return settings;
    }
}
