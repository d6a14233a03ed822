package dev.pilotlight.gpu.readings;

import dev.pilotlight.range.Range;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What the GPU says of its own memory.
 *
 * @param eccUncorrectedVolatile errors since the driver was loaded
 * @param eccUncorrectedAggregate errors in the GPU's life
 * @param retiredPages pages taken out of use; GPUs before Ampere only
 * @param remappedRows rows replaced after uncorrectable errors; Ampere and newer
 * @param remapPending a replacement waits for a reset
 * @param remapFailed no spare row was left: the GPU wants replacing
 */
public record MemoryHealth(
        OptionalLong eccUncorrectedVolatile,
        OptionalLong eccUncorrectedAggregate,
        OptionalLong retiredPages,
        OptionalLong remappedRows,
        Optional<Boolean> remapPending,
        Optional<Boolean> remapFailed) {
    public static final MemoryHealth UNKNOWN = new MemoryHealth(
            OptionalLong.empty(),
            OptionalLong.empty(),
            OptionalLong.empty(),
            OptionalLong.empty(),
            Optional.empty(),
            Optional.empty());

    public MemoryHealth {
        eccUncorrectedVolatile = possible(eccUncorrectedVolatile);
        eccUncorrectedAggregate = possible(eccUncorrectedAggregate);
        retiredPages = possible(retiredPages);
        remappedRows = possible(remappedRows);
        Objects.requireNonNull(remapPending);
        Objects.requireNonNull(remapFailed);
    }

    /** A count that cannot be counts as not said. */
    private static OptionalLong possible(OptionalLong said) {
        return said.isPresent() ? Range.COUNT.of(said.getAsLong()) : said;
    }

    /** The count to watch for growth: the volatile one moves at once, the aggregate one is the fallback. */
    public OptionalLong eccUncorrected() {
        return eccUncorrectedVolatile.isPresent() ? eccUncorrectedVolatile : eccUncorrectedAggregate;
    }
}
