package dev.pilotlight.prometheus;

/** The place of one series on the page being read. */
final class Slot {
    final Series series;
    final int name;
    final int bornOn;
    double value;
    int seenOn;
    /** Its rank in page order, on the page where it was last seen. */
    int rank;

    Slot(Series series, int name, int bornOn) {
        this.series = series;
        this.name = name;
        this.bornOn = bornOn;
    }
}
