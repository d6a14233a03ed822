package dev.pilotlight.broken.here;

import dev.pilotlight.broken.there.Egg;

/** Needs the egg, which needs the chicken. */
public record Chicken(Egg from) {}
