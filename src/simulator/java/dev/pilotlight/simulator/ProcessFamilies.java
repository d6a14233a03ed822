package dev.pilotlight.simulator;

import java.util.List;

/**
 * What Python's client says of the process itself.
 *
 * @param startSeconds Unix time at which the process started: the one sign of a new process on the page
 * @param createdSeconds Unix time at which its metrics were made, when the model had been loaded
 * @param ageSeconds how long it has been running
 * @param openConnections clients connected now
 * @param rejections requests turned away because the queue was full
 */
record ProcessFamilies(
        double startSeconds, double createdSeconds, double ageSeconds, int openConnections, long rejections) {
    List<Family> families() {
        return List.of(
                Family.counter(
                        "python_gc_objects_collected_total",
                        "Objects collected during gc",
                        generations(15_954, 2_325, 722)),
                Family.counter(
                        "python_gc_objects_uncollectable_total",
                        "Uncollectable objects found during GC",
                        generations(0, 0, 0)),
                Family.counter(
                        "python_gc_collections_total",
                        "Number of times this generation was collected",
                        generations(1_648 + (long) ageSeconds, 150 + (long) ageSeconds / 10, 10)),
                Family.gauge(
                        "python_info",
                        "Python platform information",
                        series -> series.value(
                                "implementation=\"CPython\",major=\"3\",minor=\"11\",patchlevel=\"7\",version=\"3.11.7\"",
                                1)),
                one("process_virtual_memory_bytes", "Virtual memory size in bytes.", 5_035_233_280.0),
                one("process_resident_memory_bytes", "Resident memory size in bytes.", 1_073_319_936.0),
                one(
                        "process_start_time_seconds",
                        "Start time of the process since unix epoch in seconds.",
                        hundredths(startSeconds)),
                Family.counter(
                        "process_cpu_seconds_total",
                        "Total user and system CPU time spent in seconds.",
                        series -> series.value("", hundredths(12 + ageSeconds * 0.03))),
                one("process_open_fds", "Number of open file descriptors.", 32 + openConnections),
                one("process_max_fds", "Maximum number of open file descriptors.", 20_000));
    }

    private static Family one(String name, String help, double value) {
        return Family.gauge(name, help, series -> series.value("", value));
    }

    private static PageWriter.Samples generations(long... values) {
        return series -> {
            for (int i = 0; i < values.length; i++) {
                series.value("generation=\"" + i + '"', values[i]);
            }
        };
    }

    /** The kernel counts in ticks of 10 ms. */
    private static double hundredths(double seconds) {
        return Math.round(seconds * 100) / 100.0;
    }
}
