package dev.pilotlight.signal;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;

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

    public PoolInflow {
        last = Map.copyOf(last);
    }

    /** @param now by pod, of all that answer; one that has read nothing new adds nothing, and nothing is lost by that */
    public PoolInflow advance(Map<String, Inflow> now) {
        double arrived = 0;
        double seconds = 0;
        int pods = 0;
        for (Map.Entry<String, Inflow> pod : now.entrySet()) {
            Inflow before = last.get(pod.getKey());
            if (before != null) {
                Inflow after = pod.getValue();
                pods++;
                seconds += Math.max(0, Duration.between(before.at(), after.at()).toMillis() / 1e3);
                // An engine that was restarted counts anew.
                arrived += Math.max(0, after.requests() - before.requests());
            }
        }
        ArrivalRate next = seconds > 0 ? rate.advance(arrived, seconds / pods) : rate;
        return new PoolInflow(now, Double.isFinite(next.perSecond()) ? next : ArrivalRate.UNKNOWN);
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
        double each =
                serving.stream().mapToDouble(Inflow::secondsEach).average().orElse(0);
        double stay =
                serving.stream().mapToDouble(Inflow::staySeconds).average().orElse(0);
        double all = rate.perSecond(stay);
        return all > A_SURGE * known ? (all - known) * each / serving.size() : 0;
    }
}
