package dev.pilotlight.gpu;

import dev.pilotlight.gpu.faults.OnFault;
import dev.pilotlight.gpu.readings.GpuClaim;
import dev.pilotlight.gpu.readings.Xid;
import dev.pilotlight.http.Redacted;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Turns the settings as written into {@link GpuSettings}, with every mistake told at once. */
public final class GpuSettingsCheck {
    private final List<Problem> problems = new ArrayList<>();

    private GpuSettingsCheck() {}

    /** The settings as written; an absent list of XIDs means the default one. */
    public record Written(
            GpuSettings.Source source,
            Optional<String> dcgmUrl,
            List<String> uuids,
            Optional<List<String>> fatalXids,
            Optional<OnFault> onFault,
            Optional<String> nvmlLibrary) {}

    /** One mistake: the setting, what it says, and the fix. */
    public record Problem(String setting, String value, String fix) {
        /** For people, on one line. */
        public String line() {
            return setting + "=" + value + ": " + fix;
        }
    }

    /** The settings without what was wrong, and what was; with any problem they are not to be used. */
    public record Checked(GpuSettings settings, List<Problem> problems) {
        public Checked {
            problems = List.copyOf(problems);
        }
    }

    public static Checked check(Written written) {
        GpuSettingsCheck check = new GpuSettingsCheck();
        GpuSettings settings = new GpuSettings(
                written.source(),
                check.url(written),
                check.uuids(written.uuids()),
                check.xids(written.fatalXids()),
                written.onFault(),
                written.nvmlLibrary());
        return new Checked(settings, check.problems);
    }

    private Optional<URI> url(Written written) {
        if (written.dcgmUrl().isEmpty()) {
            if (written.source() == GpuSettings.Source.DCGM) {
                problems.add(new Problem(
                        "pilotlight.gpu.source",
                        "dcgm",
                        "needs pilotlight.gpu.dcgm-url, or HOST_IP from the downward API (status.hostIP)"));
            }
            return Optional.empty();
        }
        String text = written.dcgmUrl().get();
        try {
            URI url = new URI(text.strip());
            if (url.getHost() != null && ("http".equals(url.getScheme()) || "https".equals(url.getScheme()))) {
                return Optional.of(url);
            }
        } catch (URISyntaxException notOne) {
            // told below like every other text that is no URL of a page
        }
        problems.add(new Problem(
                "pilotlight.gpu.dcgm-url",
                Redacted.url(text),
                "is not the http or https URL of a page, such as http://10.0.0.7:9400/metrics"));
        return Optional.empty();
    }

    private List<String> uuids(List<String> written) {
        List<String> given = written.stream()
                .map(String::strip)
                .filter(uuid -> !uuid.isEmpty())
                .toList();
        if (given.size() == 1 && given.getFirst().equalsIgnoreCase(GpuClaim.VISIBLE)) {
            return given;
        }
        List<String> good = new ArrayList<>();
        for (String uuid : given) {
            if (GpuClaim.UUID.matcher(uuid).matches()) {
                good.add(uuid);
            } else {
                problems.add(new Problem(
                        GpuClaim.BY_SETTING,
                        uuid,
                        "is not a UUID as nvidia-smi -L prints it, such as"
                                + " GPU-7a2e92f2-be71-d37e-a744-541600ffc722 or MIG-…; or write \"" + GpuClaim.VISIBLE
                                + "\" alone"));
            }
        }
        return good;
    }

    private Set<Integer> xids(Optional<List<String>> written) {
        if (written.isEmpty()) {
            return Xid.FATAL_BY_DEFAULT;
        }
        Set<Integer> good = new TreeSet<>();
        for (String text : written.get()) {
            if (!text.isBlank()) {
                Xid.parse(text)
                        .ifPresentOrElse(
                                good::add,
                                () -> problems.add(new Problem(
                                        "pilotlight.gpu.fatal-xids",
                                        text.strip(),
                                        "is neither a number from 1 to 999 nor one of " + Xid.settingNames())));
            }
        }
        return good;
    }
}
