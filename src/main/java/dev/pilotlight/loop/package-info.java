/**
 * The machine: a tick takes the memory, an observation and the time, and gives memory, picture and effects. {@code ControlLoop}
 * is the one writer, {@code Board} what all others read.
 *
 * <p>Uses: cluster, drain, engine, gpu.faults, gpu.readings, guard, http, lifecycle, pod, pod.metadata, pool.managed, pool.plan,
 * pool.role, signal, vllmpod.
 */
package dev.pilotlight.loop;
