/**
 * The stock HorizontalPodAutoscaler in pure Java, decision for decision: what kube-controller-manager 1.36 does in
 * {@code pkg/controller/podautoscaler} with the numbers it is given. For the replay bench; in no image.
 */
package dev.pilotlight.hpa;
