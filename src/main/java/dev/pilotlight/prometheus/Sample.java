package dev.pilotlight.prometheus;

/** The value of one series on one page. */
public record Sample(Series series, double value) {}
