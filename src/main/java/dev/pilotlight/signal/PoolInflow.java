package dev.pilotlight.signal;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What comes to all pods of a pool together. A surge shows here before any one pod can tell it from chance: four pods see in half a
 * second what takes one of them two. Added up are requests, not rates; pods that come, go or change their role change nothing, since
 * the traffic is the same whoever takes it.
 *
 * @param last by pod, what was counted
 * @param rate of the requests of all
 */
public record PoolInflow(Map<String, Inflow> last, ArrivalRate rate) {
    public static final PoolInflow UNKNOWN = new PoolInflow(Map.of(), ArrivalRate.UNKNOWN);

    /** By less than this the two ways to count differ by chance. */
    private static final double A_SURGE = 1.25;

    /** What one pod says counts for so many full pods at most: a pod that is mistaken, or lies, must not move the whole pool. */
    private static final double MOST_OF_ONE = 10;
    /** A pod that was not heard for longer is as good as new. */
    private static final double LONGEST_SECONDS = 60;

    public PoolInflow {
        last = Map.copyOf(last);
    }

    /** What the pods say, none of it further off from the others' than pods of one pool can be. */
    public static Map<String, Inflow> plausible(Map<String, Inflow> said) {
        double each = median(said.values(), Inflow::secondsEach);
        double stay = median(said.values(), Inflow::staySeconds);
        Map<String, Inflow> all = new HashMap<>();
        said.forEach((pod, it) -> all.put(
                pod,
                new Inflow(
                        it.at(),
                        it.requests(),
                        Math.min(it.perSecond(), mostPerSecond(each)),
                        near(it.secondsEach(), each),
                        near(it.staySeconds(), stay))));
        return all;
    }

    private static double mostPerSecond(double each) {
        return each > 0 ? MOST_OF_ONE / each : Double.MAX_VALUE;
    }

    private static double near(double value, double median) {
        return Math.clamp(value, median / MOST_OF_ONE, median * MOST_OF_ONE);
    }

    /** The lower one of two. */
    private static double median(Collection<Inflow> of, ToDoubleFunction<Inflow> value) {
        double[] sorted = of.stream().mapToDouble(value).sorted().toArray();
        return sorted.length == 0 ? 0 : sorted[(sorted.length - 1) / 2];
    }

    /** @param now by pod, of all that answer; one that has read nothing new adds nothing, and nothing is lost by that */
    public PoolInflow advance(Map<String, Inflow> now) {
        double most = mostPerSecond(median(now.values(), Inflow::secondsEach));
        double arrived = 0;
        double seconds = 0;
        int pods = 0;
        for (Map.Entry<String, Inflow> pod : now.entrySet()) {
            Inflow before = last.get(pod.getKey());
            if (before != null) {
                Inflow after = pod.getValue();
                double passed =
                        Math.max(0, Duration.between(before.at(), after.at()).toMillis() / 1e3);
                if (passed <= LONGEST_SECONDS) {
                    pods++;
                    seconds += passed;
                    // An engine that was restarted counts again from 0.
                    arrived += Math.clamp(after.requests() - before.requests(), 0, most * passed);
                }
            }
        }
        // A pod that falls silent takes its share of the rate with it: what is not heard is no surge.
        ArrivalRate heard = rate.times(shareHeard(now));
        ArrivalRate next = seconds > 0 ? heard.advance(arrived, seconds / pods) : heard;
        return new PoolInflow(now, Double.isFinite(next.perSecond()) ? next : ArrivalRate.UNKNOWN);
    }

    private double shareHeard(Map<String, Inflow> now) {
        double all = last.values().stream().mapToDouble(Inflow::perSecond).sum();
        double still = last.entrySet().stream()
                .filter(pod -> now.containsKey(pod.getKey()))
                .mapToDouble(pod -> pod.getValue().perSecond())
                .sum();
        return all > 0 ? still / all : 1;
    }

    /**
     * The load that is on its way, by which each of these pods is about to read more than it does.
     *
     * @param serving the pods that the traffic goes to; what the others know of is theirs
     */
    public double unseen(Collection<Inflow> serving) {
        if (serving.isEmpty()) {
            return 0;
        }
        double known = last.values().stream().mapToDouble(Inflow::perSecond).sum();
        double all = perSecond(serving);
        return all > A_SURGE * known ? (all - known) * each(serving) / serving.size() : 0;
    }

    private double perSecond(Collection<Inflow> serving) {
        return rate.perSecond(
                serving.stream().mapToDouble(Inflow::staySeconds).average().orElse(0));
    }

    private static double each(Collection<Inflow> serving) {
        return serving.stream().mapToDouble(Inflow::secondsEach).average().orElse(0);
    }
}
