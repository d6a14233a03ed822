package dev.pilotlight.gpu.readings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class XidTest {
    @Test
    void aNumberThatHasNoNameIsStillANumber() {
        assertThat(Xid.parse("137")).hasValue(137);
        assertThat(Xid.describe(137)).isEqualTo("XID 137");
    }

    @Test
    void everyNameMeansItsNumber() {
        for (Xid xid : Xid.values()) {
            assertThat(Xid.parse(xid.settingName())).hasValue(xid.number());
        }
    }

    @Test
    void theDocumentNamesThemAllAndTheDefaults() throws IOException {
        String document = Files.readString(Path.of("docs/gpu.md")).replace('\n', ' ');

        assertThat(Xid.values())
                .allSatisfy(xid -> assertThat(document).contains("`" + xid.settingName() + "` (" + xid.number() + ")"));
        assertThat(document)
                .contains("`pilotlight.gpu.fatal-xids` | `"
                        + Xid.FATAL_BY_DEFAULT.stream()
                                .sorted()
                                .map(String::valueOf)
                                .collect(Collectors.joining(","))
                        + "`");
    }

    @Test
    void everyThrottleIsInTheDocument() throws IOException {
        String document = Files.readString(Path.of("docs/gpu.md"));

        assertThat(Arrays.stream(Throttle.values()).map(throttle -> "`" + throttle.label() + "`"))
                .allSatisfy(label -> assertThat(document).contains(label));
    }
}
