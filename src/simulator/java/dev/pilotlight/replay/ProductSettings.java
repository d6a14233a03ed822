package dev.pilotlight.replay;

import dev.pilotlight.config.PilotlightConfig;
import dev.pilotlight.config.Policies;
import dev.pilotlight.config.SettingsCheck;
import dev.pilotlight.loop.Policy;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.List;
import java.util.Map;

/** The product's settings as its sidecars in the fleet have them: its own defaults and checks, and what a scenario sets. */
public final class ProductSettings {
    private ProductSettings() {}

    public static Policy policy(Map<String, String> settings) {
        SmallRyeConfig read = new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(PilotlightConfig.class)
                .withSources(new PropertiesConfigSource(settings, "replay", 500))
                .build();
        PilotlightConfig config = read.getConfigMapping(PilotlightConfig.class);
        List<String> problems = SettingsCheck.problems(read, config);
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
        return Policies.policy(config);
    }
}
