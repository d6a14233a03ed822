/**
 * {@code pilotlight check}: what is missing around a running sidecar, for whoever installs it. Reads nothing but the sidecar's
 * own {@code /api/v1/status}, so it needs no RBAC rule that the sidecar does not have.
 *
 * <p>Uses: http.
 */
package dev.pilotlight.check;
