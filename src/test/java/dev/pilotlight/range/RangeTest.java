package dev.pilotlight.range;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class RangeTest {
    @TestFactory
    Stream<DynamicTest> neverHasWhatIsNoNumber() {
        return Stream.of(Range.values())
                .map(range -> DynamicTest.dynamicTest(range.name(), () -> {
                    assertThat(range.of(Double.NaN)).isEmpty();
                    assertThat(range.of(Double.NEGATIVE_INFINITY)).isEmpty();
                    assertThat(range.number("1")).isEmpty();
                    assertThat(range.whole(null)).isEmpty();
                }));
    }

    @Test
    void hasItsBoundsAndNothingBeyond() {
        assertThat(Range.PORT.of(0)).isEmpty();
        assertThat(Range.PORT.of(1)).hasValue(1);
        assertThat(Range.PORT.of(65_535)).hasValue(65_535);
        assertThat(Range.PORT.of(65_536)).isEmpty();
        assertThat(Range.PORT.of(65_535.5)).isEmpty();
    }

    @Test
    void takesANegativeZeroForNone() {
        assertThat(1 / Range.COUNT.of(-0.0).orElseThrow()).isPositive();
    }

    @Test
    void takesAWholeNumberOfJsonWhereItFits() {
        assertThat(Range.CONTEXT.whole(32_768)).hasValue(32_768);
        assertThat(Range.CONTEXT.whole(32_768L)).hasValue(32_768);
        assertThat(Range.CONTEXT.whole(0)).isEmpty();
        assertThat(Range.COUNT.whole(2_147_483_647.0)).hasValue(Integer.MAX_VALUE);
        assertThat(Range.COUNT.whole(2_147_483_648.0)).as("of no int").isEmpty();
        assertThat(Range.CELSIUS.whole(-40)).hasValue(-40);
    }

    @Test
    void takesANumberOfJson() {
        assertThat(Range.SHARE.number(0.5)).hasValue(0.5);
        assertThat(Range.SHARE.number(2)).isEmpty();
    }

    @Test
    void saysWhatCannotBe() {
        assertThat(Range.REQUESTS.refusal("vllm:num_requests_running", Double.POSITIVE_INFINITY))
                .isEqualTo("vllm:num_requests_running is +Inf, which cannot be: requests from 0 to 1000000");
        assertThat(Range.BUCKET.refusal("le", Double.NEGATIVE_INFINITY))
                .isEqualTo("le is -Inf, which cannot be: a bucket's bound from -1e9 to +Inf");
        assertThat(Range.SHARE.refusal("kv", 1.5)).isEqualTo("kv is 1.5, which cannot be: a share from 0 to 1.01");
    }
}
