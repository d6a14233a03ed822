package dev.pilotlight.range;

import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What a number that arrives may be, by what it measures. Nothing is computed from a number outside its range: whoever reads it treats
 * it as not said, and says why. The bounds are far beyond what hardware and software of today can do, and far within what a double adds up
 * without loss.
 */
public enum Range {
    /** Requests in a batch or a queue. */
    REQUESTS(0, 1e6, "requests"),
    /** A counter, or a sum of seconds: below 2^53, so that one more is still seen. */
    COUNT(0, 1e15, "a counter"),
    /** A share; a hair above 1 is rounding. */
    SHARE(0, 1.01, "a share"),
    /** Tokens of a KV cache or of one request. */
    TOKENS(1, 1e12, "tokens"),
    /** Seconds since 1970, until the year 5138. */
    UNIX_SECONDS(0, 1e11, "Unix seconds"),
    /** How long ago, or for how long. */
    SECONDS(0, 1e11, "seconds"),
    /** An upper bound of a histogram's bucket. */
    BUCKET(-1e9, Double.POSITIVE_INFINITY, "a bucket's bound"),
    /** Slots of a batch, per rank. */
    SLOTS(1, 1e6, "slots"),
    /** Another pod's load. */
    LOAD(0, 1e4, "a load"),
    /** A period of grace in a pod's spec, in seconds: up to a year. */
    GRACE_SECONDS(0, 31_536_000, "seconds of grace"),
    /** How a process ended; the kernel has eight bits for it. */
    EXIT_CODE(0, 255, "an exit code"),
    /** The fencing term of a lease. */
    TERM(0, 1e9, "a term"),
    /** Pods of a pool. */
    PODS(0, 1e5, "pods"),
    /** Generations of a plan. */
    GENERATION(0, 1e15, "a generation"),
    /** A context length. */
    CONTEXT(1, 1e9, "a context length"),
    PORT(1, 65_535, "a port"),
    CELSIUS(-100, 300, "degrees Celsius"),
    WATTS(0, 1e5, "watts"),
    /** Of one GPU: up to a petabyte. */
    BYTES(0, 1e15, "bytes");

    private final double least;
    private final double most;
    private final String what;

    Range(double least, double most, String what) {
        this.least = least;
        this.most = most;
        this.what = what;
    }

    /** Whether the number can be; not-a-number never can. */
    public boolean has(double value) {
        return value >= least && value <= most;
    }

    /** The number, or nothing where it cannot be. */
    public OptionalDouble of(double value) {
        // A negative zero is none.
        return has(value) ? OptionalDouble.of(value + 0.0) : OptionalDouble.empty();
    }

    /** The same of a whole number. */
    public OptionalLong of(long value) {
        return has(value) ? OptionalLong.of(value) : OptionalLong.empty();
    }

    /** What JSON gave for a whole number: nothing where it is of another type, or cannot be. */
    public OptionalInt whole(Object value) {
        return value instanceof Number number
                        && has(number.doubleValue())
                        && Math.abs(number.doubleValue()) <= Integer.MAX_VALUE
                ? OptionalInt.of(number.intValue())
                : OptionalInt.empty();
    }

    /** What JSON gave for a number. */
    public OptionalDouble number(Object value) {
        return value instanceof Number number ? of(number.doubleValue()) : OptionalDouble.empty();
    }

    /** For people: {@code vllm:num_requests_running is +Inf, which is no number of requests (0 to 1e6)}. */
    public String refusal(String name, double value) {
        return "%s is %s, which cannot be: %s from %s to %s"
                .formatted(name, text(value), what, text(least), text(most));
    }

    private static String text(double value) {
        if (Double.isInfinite(value)) {
            return value > 0 ? "+Inf" : "-Inf";
        }
        return value == Math.rint(value) && Math.abs(value) < 1e9
                ? Long.toString((long) value)
                : Double.toString(value).replace(".0E", "e").replace('E', 'e');
    }
}
