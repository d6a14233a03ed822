/**
 * Readiness, liveness and startup as pure rules over the picture, and their adapter to the health endpoints.
 *
 * <p>Uses: config, engine, inject, lifecycle, loop.
 */
package dev.pilotlight.health;
