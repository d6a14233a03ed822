package dev.pilotlight.api;

import dev.pilotlight.http.Redacted;
import jakarta.inject.Singleton;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import org.eclipse.microprofile.config.Config;

/** The settings in force, as shown by the API: a file's name may be shown, a secret never is. */
@Singleton
final class InForce {
    /** Without what stands between the words: a variable's name comes in more than one spelling. */
    private static final Set<String> SECRETS = Set.of("pilotlightengineapikey");

    private final Map<String, String> settings = new TreeMap<>();

    InForce(Config config) {
        StreamSupport.stream(config.getPropertyNames().spliterator(), false)
                .filter(name -> name.startsWith("pilotlight."))
                .forEach(name -> config.getOptionalValue(name, String.class)
                        .ifPresent(value -> settings.put(name, shown(name, value))));
    }

    static boolean isSecret(String name) {
        return SECRETS.contains(name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", ""));
    }

    static String shown(String name, String value) {
        return isSecret(name) ? "***" : Redacted.url(value);
    }

    Map<String, String> settings() {
        return settings;
    }
}
