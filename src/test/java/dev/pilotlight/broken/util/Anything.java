package dev.pilotlight.broken.util;

/** Lies in a package whose name says nothing. */
public record Anything() {}
