package dev.pilotlight.cluster;

import dev.pilotlight.process.Await;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.OptionalDouble;
import java.util.SortedSet;

/** The loads that sidecars say, and the wait until they are what the traffic of a usual day makes them. */
final class Calm {
    /** Between the marks of promotion and demotion. */
    private static final double MOST = 0.75;

    private Calm() {}

    static void await(ManagedPool pool, Collection<String> pods) {
        Await.until(
                "the mean load is usual",
                Duration.ofMinutes(5),
                () -> mean(pool, pods),
                mean -> mean.isPresent() && mean.getAsDouble() < MOST);
    }

    /** Makes these the active pods again by hand, as soon as the load lets them stay it. */
    static void restore(ManagedPool pool, SortedSet<String> usual) {
        Await.until("the pool is as it was", Duration.ofMinutes(5), () -> {
            await(pool, usual);
            if (!pool.pods("ready active").equals(usual)) {
                pool.plan(usual);
            }
            Thread.sleep(2_000);
            return pool.pods("ready active").equals(usual);
        });
    }

    static OptionalDouble mean(ManagedPool pool, Collection<String> pods) throws IOException, InterruptedException {
        double sum = 0;
        for (String name : pods) {
            OptionalDouble load = pool.kubelet().pod(name).load();
            if (load.isEmpty()) {
                return load;
            }
            sum += load.getAsDouble();
        }
        return OptionalDouble.of(sum / pods.size());
    }
}
