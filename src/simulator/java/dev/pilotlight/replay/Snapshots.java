package dev.pilotlight.replay;

import dev.pilotlight.engine.CacheConfig;
import dev.pilotlight.engine.EngineSnapshot;
import dev.pilotlight.engine.Histogram;
import dev.pilotlight.engine.Latencies;
import dev.pilotlight.engine.Rank;
import dev.pilotlight.engine.ServerState;
import dev.pilotlight.engine.Sleep;
import dev.pilotlight.simulator.Batch;
import dev.pilotlight.simulator.Gauges;
import dev.pilotlight.simulator.Profile;
import dev.pilotlight.simulator.Tallies;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** What the product's reader would make of a simulated engine's page, without the page: a test holds the two equal. */
public final class Snapshots {
    private Snapshots() {}

    /** Of what belongs to the server as a whole the simulated page has the rejections alone. */
    private static final ServerState NONE_REJECTED = new ServerState(
            OptionalDouble.empty(), OptionalDouble.of(0), OptionalDouble.empty(), OptionalDouble.empty());

    /** @param withHistograms as the product's client asks for them: not on every poll */
    public static EngineSnapshot of(Batch batch, double processStart, boolean withHistograms) {
        Gauges gauges = batch.gauges();
        Tallies tallies = batch.tallies();
        Rank rank = new Rank(
                "0",
                gauges.running(),
                gauges.waiting(),
                OptionalDouble.of(gauges.kvCacheUsage()),
                OptionalDouble.of(tallies.promptTokens()),
                OptionalDouble.of(tallies.generationTokens()),
                OptionalDouble.of(tallies.ended()),
                OptionalDouble.of(tallies.preemptions()),
                OptionalDouble.of(tallies.answeredTokens()),
                OptionalDouble.of(tallies.prefixHits()),
                OptionalDouble.of(tallies.steps()));
        Profile profile = batch.profile();
        double tokens = profile.kvTokens() / Profile.BLOCK * Profile.BLOCK;
        return new EngineSnapshot(
                List.of(rank),
                List.of(profile.model()),
                OptionalDouble.of(processStart),
                new CacheConfig(OptionalDouble.of(tokens), OptionalDouble.of(tokens / profile.maxModelLen())),
                Sleep.AWAKE,
                withHistograms ? latencies(tallies) : Latencies.NONE,
                NONE_REJECTED,
                Optional.empty());
    }

    private static Latencies latencies(Tallies tallies) {
        return new Latencies(histogram(tallies.timeToFirstToken()), histogram(tallies.interTokenLatency()));
    }

    private static Optional<Histogram> histogram(dev.pilotlight.simulator.Histogram counted) {
        double[] bounds = new double[counted.size()];
        double[] cumulative = new double[counted.size()];
        long total = 0;
        for (int i = 0; i < bounds.length; i++) {
            bounds[i] = counted.bound(i);
            total += counted.in(i);
            cumulative[i] = total;
        }
        return Optional.of(new Histogram(bounds, cumulative, counted.sum(), counted.count()));
    }
}
