/**
 * What is read of the own pod: its vLLM container, earlier ends, deletion, labels. Values only.
 *
 * <p>Uses: kube, range, vllmpod.
 */
package dev.pilotlight.pod;
