package dev.pilotlight.gpu.readings;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The XID errors that this program knows by name; numbers and causes as in NVIDIA's "XID Errors" guide, names are ours.
 */
public enum Xid {
    GRAPHICS_ENGINE_EXCEPTION(13, false, "graphics engine exception, mostly an error of the application"),
    MMU_FAULT(31, false, "GPU memory page fault, mostly an error of the application"),
    RESET_CHANNEL(43, false, "GPU stopped processing, mostly an error of the application"),
    PREEMPTIVE_CLEANUP(45, false, "preemptive clean-up after another error or a killed process"),
    DOUBLE_BIT_ECC(48, false, "double-bit ECC error"),
    ROW_REMAP_RECORDED(63, false, "page retirement or row remapping recorded"),
    ROW_REMAP_FAILED(64, true, "page retirement or row remapping failed"),
    NVLINK_ERROR(74, true, "NVLink error"),
    FALLEN_OFF_THE_BUS(79, true, "GPU has fallen off the bus"),
    SINGLE_BIT_ECC_STORM(92, false, "high rate of single-bit ECC errors"),
    CONTAINED_ECC(94, false, "contained memory error: the application hit must be restarted"),
    UNCONTAINED_ECC(95, true, "uncontained memory error: the GPU must be reset"),
    GSP_TIMEOUT(119, true, "the GPU's system processor timed out"),
    GSP_ERROR(120, true, "error of the GPU's system processor"),
    UNRECOVERED_ECC(140, true, "unrecovered ECC error");

    /** After these the engine cannot go on; 63 and 92 are left out because the GPU still serves after them. */
    public static final Set<Integer> FATAL_BY_DEFAULT = Set.of(48, 64, 74, 79, 94, 95, 119, 120);

    public static final int LARGEST = 999;

    private final int number;
    private final boolean hitsWholeGpu;
    private final String meaning;

    Xid(int number, boolean hitsWholeGpu, String meaning) {
        this.number = number;
        this.hitsWholeGpu = hitsWholeGpu;
        this.meaning = meaning;
    }

    public int number() {
        return number;
    }

    /** As the setting spells it: {@code fallen-off-the-bus}. */
    public String settingName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The number meant by a number or one of our names; empty when it is neither. */
    public static OptionalInt parse(String text) {
        String word = text.strip().toLowerCase(Locale.ROOT);
        if (word.matches("\\d{1,4}")) {
            int number = Integer.parseInt(word);
            return number >= 1 && number <= LARGEST ? OptionalInt.of(number) : OptionalInt.empty();
        }
        return Arrays.stream(values())
                .filter(xid -> xid.settingName().equals(word))
                .mapToInt(Xid::number)
                .findFirst();
    }

    /** {@code XID 79 (GPU has fallen off the bus)}, or the number alone where there is no name for it. */
    public static String describe(int number) {
        return "XID " + number
                + known(number).map(xid -> " (" + xid.meaning + ")").orElse("");
    }

    /** Whether the error is one of the whole GPU, whatever partition it was noticed in. */
    public static boolean hitsWholeGpu(int number) {
        return known(number).map(xid -> xid.hitsWholeGpu).orElse(false);
    }

    public static String settingNames() {
        return Arrays.stream(values()).map(Xid::settingName).collect(Collectors.joining(", "));
    }

    private static Optional<Xid> known(int number) {
        return Arrays.stream(values()).filter(xid -> xid.number == number).findFirst();
    }
}
