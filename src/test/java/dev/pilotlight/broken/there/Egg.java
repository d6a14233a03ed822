package dev.pilotlight.broken.there;

import dev.pilotlight.broken.here.Chicken;

/** Needs the chicken, which needs the egg. */
public record Egg(Chicken from) {}
