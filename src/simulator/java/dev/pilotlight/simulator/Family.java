package dev.pilotlight.simulator;

/** One family of a metrics page: what it is called, its kind, its help and how its samples are written. */
record Family(String name, Kind kind, String help, PageWriter.Samples samples) {
    /** The kinds in the order in which a multi-process page has them. */
    enum Kind {
        GAUGE,
        SUMMARY,
        HISTOGRAM,
        COUNTER;

        String label() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    static Family gauge(String name, String help, PageWriter.Samples samples) {
        return new Family(name, Kind.GAUGE, help, samples);
    }

    static Family counter(String name, String help, PageWriter.Samples samples) {
        return new Family(name, Kind.COUNTER, help, samples);
    }

    static Family summary(String name, String help, PageWriter.Samples samples) {
        return new Family(name, Kind.SUMMARY, help, samples);
    }

    static Family histogram(String name, String help, PageWriter.Samples samples) {
        return new Family(name, Kind.HISTOGRAM, help, samples);
    }

    /** Whether prometheus_client keeps the time of its creation; it does not for what it asks the system at each page. */
    boolean hasCreated() {
        return kind != Kind.GAUGE && !name.startsWith("process_") && !name.startsWith("python_");
    }

    String createdName() {
        return (kind == Kind.COUNTER ? name.substring(0, name.length() - "_total".length()) : name) + "_created";
    }
}
