package dev.pilotlight.loop;

import dev.pilotlight.lifecycle.Effect;
import dev.pilotlight.pod.metadata.PatchPod;
import java.util.List;
import java.util.Optional;

/**
 * What a tick comes to.
 *
 * @param memory for the next one
 * @param picture for the board
 * @param effects requests to the engine to send
 * @param patch of the own pod to send
 */
public record Turn(Memory memory, Picture picture, List<Effect> effects, Optional<PatchPod> patch) {}
