package dev.pilotlight.gpu.dcgm;

import dev.pilotlight.prometheus.Series;
import dev.pilotlight.prometheus.Wanted;
import java.util.List;

/** The names of dcgm-exporter: the families read, and the labels in all their spellings. */
public final class DcgmMetrics {
    static final String UTILIZATION_PERCENT = "DCGM_FI_DEV_GPU_UTIL";
    /** 0 to 1, whatever its HELP line says; also on MIG, where the one above is absent. */
    static final String ENGINE_ACTIVE_RATIO = "DCGM_FI_PROF_GR_ENGINE_ACTIVE";

    static final String TEMPERATURE = "DCGM_FI_DEV_GPU_TEMP";
    static final String POWER_WATTS = "DCGM_FI_DEV_POWER_USAGE";
    static final String USED_MIB = "DCGM_FI_DEV_FB_USED";
    static final String FREE_MIB = "DCGM_FI_DEV_FB_FREE";
    static final String RESERVED_MIB = "DCGM_FI_DEV_FB_RESERVED";
    static final String TOTAL_MIB = "DCGM_FI_DEV_FB_TOTAL";
    static final String LAST_XID = "DCGM_FI_DEV_XID_ERRORS";
    static final String EVENT_REASONS = "DCGM_FI_DEV_CLOCKS_EVENT_REASONS";
    static final String THROTTLE_REASONS = "DCGM_FI_DEV_CLOCK_THROTTLE_REASONS";
    static final String ECC_VOLATILE = "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL";
    static final String ECC_AGGREGATE = "DCGM_FI_DEV_ECC_DBE_AGG_TOTAL";
    static final String RETIRED_SINGLE = "DCGM_FI_DEV_RETIRED_SBE";
    static final String RETIRED_DOUBLE = "DCGM_FI_DEV_RETIRED_DBE";
    static final String REMAPPED_ROWS = "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS";
    static final String REMAP_PENDING = "DCGM_FI_DEV_ROW_REMAP_PENDING";
    static final String REMAP_FAILED = "DCGM_FI_DEV_ROW_REMAP_FAILURE";

    public static final List<String> NAMES = List.of(
            UTILIZATION_PERCENT,
            ENGINE_ACTIVE_RATIO,
            TEMPERATURE,
            POWER_WATTS,
            USED_MIB,
            FREE_MIB,
            RESERVED_MIB,
            TOTAL_MIB,
            LAST_XID,
            EVENT_REASONS,
            THROTTLE_REASONS,
            ECC_VOLATILE,
            ECC_AGGREGATE,
            RETIRED_SINGLE,
            RETIRED_DOUBLE,
            REMAPPED_ROWS,
            REMAP_PENDING,
            REMAP_FAILED);

    /** What a page source reads a page for. */
    public static final Wanted WANTED = Wanted.of(NAMES);

    /** Scraped by a Prometheus first, the exporter's own pod has taken the plain names. */
    private static final List<String> POD = List.of("exported_pod", "pod", "pod_name");

    private static final List<String> NAMESPACE = List.of("exported_namespace", "namespace", "pod_namespace");
    private static final List<String> CONTAINER = List.of("exported_container", "container", "container_name");
    private static final List<String> UUID = List.of("UUID", "uuid");
    private static final List<String> HOST = List.of("Hostname", "hostname");
    private static final List<String> MODEL = List.of("modelName", "model_name");

    private DcgmMetrics() {}

    static String pod(Series series) {
        return first(series, POD);
    }

    static String namespace(Series series) {
        return first(series, NAMESPACE);
    }

    static String container(Series series) {
        return first(series, CONTAINER);
    }

    static String uuid(Series series) {
        return first(series, UUID);
    }

    static String host(Series series) {
        return first(series, HOST);
    }

    static String model(Series series) {
        return first(series, MODEL);
    }

    static String migInstance(Series series) {
        return series.label("GPU_I_ID");
    }

    static String migProfile(Series series) {
        return series.label("GPU_I_PROFILE");
    }

    static String gpu(Series series) {
        return series.label("gpu");
    }

    private static String first(Series series, List<String> spellings) {
        for (String spelling : spellings) {
            String value = series.label(spelling);
            if (!value.isEmpty()) {
                return value;
            }
        }
        return "";
    }
}
