package dev.pilotlight.simulator;

/**
 * Which variant of vLLM's metrics page is shown.
 *
 * @param multiProcess as with several API servers: no {@code process_*}, no {@code _created}, gauges without a sample until the first request
 * @param logStats false as with {@code --disable-log-stats}: no series of vLLM's own
 * @param prefix what vLLM's names begin with: {@code vllm:}, or {@code ray_vllm:} where Ray hosts the engine
 */
public record PageOptions(Version version, boolean multiProcess, boolean logStats, String prefix) {
    public static final PageOptions DEFAULT = new PageOptions(Version.V0_32, false, true, "vllm:");

    /** The vLLM versions whose page can be shown. */
    public enum Version {
        /** Names before two renames: {@code gpu_cache_usage_perc} and {@code time_per_output_token_seconds}. */
        V0_10("0.10.2"),
        V0_32("0.32.0");

        private final String number;

        Version(String number) {
            this.number = number;
        }

        String number() {
            return number;
        }

        static Version of(String text) {
            for (Version version : values()) {
                if (version.number.equals(text) || version.number.startsWith(text + ".")) {
                    return version;
                }
            }
            throw new IllegalArgumentException("no page of vLLM " + text + "; there are 0.10 and 0.32");
        }
    }

    PageOptions withVersion(Version wanted) {
        return new PageOptions(wanted, multiProcess, logStats, prefix);
    }

    PageOptions withMultiProcess(boolean on) {
        return new PageOptions(version, on, logStats, prefix);
    }

    PageOptions withLogStats(boolean on) {
        return new PageOptions(version, multiProcess, on, prefix);
    }

    PageOptions withPrefix(String wanted) {
        return new PageOptions(version, multiProcess, logStats, wanted);
    }
}
