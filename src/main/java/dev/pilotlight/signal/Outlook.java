package dev.pilotlight.signal;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a forecast is made for.
 *
 * @param takesTraffic whether the pod is ready: before and after that, its load says nothing of the traffic
 * @param pods that share the traffic, this one among them, where that is known
 * @param coldStart how long the engine's last start took, where that was watched
 */
public record Outlook(boolean takesTraffic, OptionalInt pods, Optional<Duration> coldStart) {}
