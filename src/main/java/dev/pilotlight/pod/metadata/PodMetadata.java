package dev.pilotlight.pod.metadata;

import java.util.Map;
import java.util.Optional;

/**
 * What a pod's labels and annotations should say. A key with an empty value should not be there; one that is missing is left as it is.
 *
 * @param labels by key
 * @param annotations by key
 * @param alongside annotations that are worth no write of their own, and go with the next one
 */
record PodMetadata(
        Map<String, Optional<String>> labels,
        Map<String, Optional<String>> annotations,
        Map<String, Optional<String>> alongside) {
    public static final PodMetadata NONE = new PodMetadata(Map.of(), Map.of(), Map.of());

    public PodMetadata {
        labels = Map.copyOf(labels);
        annotations = Map.copyOf(annotations);
        alongside = Map.copyOf(alongside);
    }
}
