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
                .forEach(name ->
                        config.getOptionalValue(name, String.class).ifPresent(value -> settings.put(name, value)));
    }

    Map<String, String> settings() {
        return settings;
    }
}
