package dev.pilotlight.loop;

import dev.pilotlight.lifecycle.Effect;
import java.util.List;

/** What a tick comes to: the memory for the next one, the picture for the board, the deeds to do. */
public record Turn(Memory memory, Picture picture, List<Effect> effects) {}
