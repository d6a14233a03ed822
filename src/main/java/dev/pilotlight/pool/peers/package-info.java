/**
 * What one sidecar says of itself to its pool's leader: the report, written and read by one record, and the client that asks all
 * peers.
 *
 * <p>Uses: kube, range, signal.
 */
package dev.pilotlight.pool.peers;
