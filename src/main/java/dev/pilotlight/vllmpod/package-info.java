/**
 * Reads a vLLM server out of the spec of a container: whether it starts one, where that listens, and what bounds its batch.
 * Pure; used by the injection, by the reader of the own pod and by the address of the engine, so that they cannot disagree.
 *
 * <p>Uses: range.
 */
package dev.pilotlight.vllmpod;
