package dev.pilotlight.signal;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the signals are measured against.
 *
 * @param targetLoad the load that a pod should run at, 0..1; {@code pilotlight_demand_pods} is load over this
 * @param maxNumSeqs vLLM's {@code --max-num-seqs} per rank, where configured or read from the pod's spec
 * @param assumedSeqs the same as vLLM chooses it by itself, for where nobody told; {@code pilotlight_capacity_confidence_ratio} says so
 * @param ttftSlo the time to first token to keep, where one is set
 * @param itlSlo the inter-token time to keep, where one is set
 * @param drainTime over which a backlog is to be worked off
 * @param forecastHorizon how far ahead the forecast looks; the measured cold start where empty
 */
public record SignalPolicy(
        double targetLoad,
        OptionalInt maxNumSeqs,
        int assumedSeqs,
        Optional<Duration> ttftSlo,
        Optional<Duration> itlSlo,
        Duration drainTime,
        Optional<Duration> forecastHorizon) {
    /** vLLM's own default on most hardware. */
    private static final int USUAL_SEQS = 256;

    public SignalPolicy(
            double targetLoad,
            OptionalInt maxNumSeqs,
            Optional<Duration> ttftSlo,
            Optional<Duration> itlSlo,
            Duration drainTime,
            Optional<Duration> forecastHorizon) {
        this(targetLoad, maxNumSeqs, USUAL_SEQS, ttftSlo, itlSlo, drainTime, forecastHorizon);
    }

    /** With the slot limit that the pod's own arguments name, unless one is configured. */
    public SignalPolicy orSlots(OptionalInt named) {
        return maxNumSeqs.isPresent() || named.isEmpty()
                ? this
                : new SignalPolicy(targetLoad, named, assumedSeqs, ttftSlo, itlSlo, drainTime, forecastHorizon);
    }

    /** With what vLLM takes on this hardware where nobody says otherwise. */
    public SignalPolicy assuming(int seqs) {
        return new SignalPolicy(targetLoad, maxNumSeqs, seqs, ttftSlo, itlSlo, drainTime, forecastHorizon);
    }
}
