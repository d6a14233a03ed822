package dev.pilotlight.pod.metadata;

/**
 * The effect that a turn asks for when the own pod's metadata is not as it should be; its outcome is seen in a later observation.
 *
 * @param attempt tells its outcome from that of an earlier one
 */
public record PatchPod(int attempt, MetadataPatch patch) {}
