package dev.pilotlight.gpu.dcgm;

import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.Gauges;
import dev.pilotlight.gpu.readings.MemoryHealth;
import dev.pilotlight.gpu.readings.Throttle;
import dev.pilotlight.gpu.readings.Xid;
import dev.pilotlight.gpu.readings.Xids;
import dev.pilotlight.prometheus.Series;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Everything a page says of one GPU or MIG instance. */
final class DcgmRow {
    /** From 2^47 on DCGM's numbers mean "blank"; so do the last few of a 32-bit int. */
    private static final double BLANK = 0x1p47;

    private static final double INT_BLANK = 0x7ffffff0;

    private static final double MEBIBYTE = 1 << 20;

    private final Series identity;
    private final Map<String, Double> values = new HashMap<>();
    private boolean ours;

    DcgmRow(Series identity) {
        this.identity = identity;
    }

    /** One per device: by UUID, or host and number on old pages, and MIG instance. */
    static String key(Series series) {
        String uuid = DcgmMetrics.uuid(series);
        String gpu = uuid.isEmpty() ? DcgmMetrics.host(series) + "#" + DcgmMetrics.gpu(series) : uuid;
        return gpu + "/" + DcgmMetrics.migInstance(series);
    }

    /** Where a shared GPU has a row for each pod, ours is the one that counts. */
    void add(String metric, double value, boolean ofOurs) {
        if (Double.isNaN(value) || value < 0 || value >= BLANK || (value >= INT_BLANK && value <= Integer.MAX_VALUE)) {
            return;
        }
        if (ofOurs) {
            values.put(metric, value);
        } else {
            values.putIfAbsent(metric, value);
        }
    }

    void markOurs() {
        ours = true;
    }

    boolean ours() {
        return ours;
    }

    String uuid() {
        return DcgmMetrics.uuid(identity);
    }

    Device device() {
        OptionalLong used = bytes(DcgmMetrics.USED_MIB);
        return new Device(
                number(DcgmMetrics.gpu(identity)).orElse(0),
                uuid(),
                DcgmMetrics.model(identity),
                kind(),
                Device.Working.WORKING,
                new Gauges(
                        utilizationRatio(),
                        used,
                        total(),
                        value(DcgmMetrics.TEMPERATURE),
                        value(DcgmMetrics.POWER_WATTS),
                        reasons().map(Throttle::of)),
                new MemoryHealth(
                        count(DcgmMetrics.ECC_VOLATILE),
                        count(DcgmMetrics.ECC_AGGREGATE),
                        retiredPages(),
                        count(DcgmMetrics.REMAPPED_ROWS),
                        flag(DcgmMetrics.REMAP_PENDING),
                        flag(DcgmMetrics.REMAP_FAILED)),
                xids());
    }

    private Device.Kind kind() {
        String instance = DcgmMetrics.migInstance(identity);
        if (instance.isEmpty()) {
            return Device.Whole.WHOLE;
        }
        String profile = DcgmMetrics.migProfile(identity);
        return new Device.MigInstance(
                uuid(),
                number(instance),
                OptionalInt.empty(),
                profile.isEmpty() ? Optional.empty() : Optional.of(profile));
    }

    private OptionalDouble utilizationRatio() {
        OptionalDouble percent = value(DcgmMetrics.UTILIZATION_PERCENT);
        return percent.isPresent()
                ? OptionalDouble.of(percent.getAsDouble() / 100)
                : value(DcgmMetrics.ENGINE_ACTIVE_RATIO);
    }

    /** Older exporters do not tell the total, nor what is reserved. */
    private OptionalLong total() {
        OptionalLong total = bytes(DcgmMetrics.TOTAL_MIB);
        OptionalLong used = bytes(DcgmMetrics.USED_MIB);
        OptionalLong free = bytes(DcgmMetrics.FREE_MIB);
        if (total.isPresent() || used.isEmpty() || free.isEmpty()) {
            return total;
        }
        return OptionalLong.of(used.getAsLong()
                + free.getAsLong()
                + bytes(DcgmMetrics.RESERVED_MIB).orElse(0));
    }

    private Optional<Long> reasons() {
        OptionalLong reasons = count(DcgmMetrics.EVENT_REASONS);
        if (reasons.isEmpty()) {
            reasons = count(DcgmMetrics.THROTTLE_REASONS);
        }
        return reasons.isPresent() ? Optional.of(reasons.getAsLong()) : Optional.empty();
    }

    private OptionalLong retiredPages() {
        OptionalLong singleBit = count(DcgmMetrics.RETIRED_SINGLE);
        OptionalLong doubleBit = count(DcgmMetrics.RETIRED_DOUBLE);
        return singleBit.isEmpty() && doubleBit.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(singleBit.orElse(0) + doubleBit.orElse(0));
    }

    private Xids xids() {
        OptionalLong last = count(DcgmMetrics.LAST_XID);
        if (last.isEmpty()) {
            return new Xids.Unknown("the metrics page has no " + DcgmMetrics.LAST_XID + " for this device");
        }
        return new Xids.Last(
                last.getAsLong() == 0
                        ? OptionalInt.empty()
                        : OptionalInt.of((int) Math.min(Xid.LARGEST, last.getAsLong())));
    }

    private Optional<Boolean> flag(String metric) {
        return Optional.ofNullable(values.get(metric)).map(value -> value != 0);
    }

    private OptionalLong count(String metric) {
        Double value = values.get(metric);
        return value == null ? OptionalLong.empty() : OptionalLong.of(value.longValue());
    }

    private OptionalLong bytes(String metric) {
        Double value = values.get(metric);
        return value == null ? OptionalLong.empty() : OptionalLong.of((long) (value * MEBIBYTE));
    }

    private OptionalDouble value(String metric) {
        Double value = values.get(metric);
        return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
    }

    private static OptionalInt number(String text) {
        return text.matches("\\d{1,6}") ? OptionalInt.of(Integer.parseInt(text)) : OptionalInt.empty();
    }
}
