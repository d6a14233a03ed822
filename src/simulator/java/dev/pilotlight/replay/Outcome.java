package dev.pilotlight.replay;

/**
 * What came of a replay.
 *
 * @param breaches requests whose first token came later than the objective, or not at all
 * @param gpuHours of pods from creation to end, for a profile of one GPU; times the cards of a pod otherwise
 * @param moves changes of the replica count
 * @param ttft the 50th, 95th and 99th percentile of the time to first token, seconds
 */
public record Outcome(
        String policy,
        Contender.Kind kind,
        long requests,
        long breaches,
        double gpuHours,
        int ups,
        int downs,
        int peakReplicas,
        long preemptions,
        Percentiles ttft,
        Timeline timeline) {
    public record Percentiles(double p50, double p95, double p99) {}

    /** One value for each slice of time. */
    public record Timeline(
            int sliceSeconds,
            double[] arrivalsPerSecond,
            double[] replicas,
            double[] ready,
            double[] load,
            double[] breaches) {}

    public double breachShare() {
        return requests == 0 ? 0 : (double) breaches / requests;
    }

    public int moves() {
        return ups + downs;
    }

    /** Whether another is no worse on both axes and better on one. */
    public boolean isBeatenBy(Outcome other) {
        return other.breaches <= breaches
                && other.gpuHours <= gpuHours
                && (other.breaches < breaches || other.gpuHours < gpuHours);
    }
}
