/**
 * What a GPU says of itself, whatever the source: device, gauges, memory health, XIDs, and which of the devices are the pod's.
 * Values only.
 *
 * <p>Uses: range.
 */
package dev.pilotlight.gpu.readings;
