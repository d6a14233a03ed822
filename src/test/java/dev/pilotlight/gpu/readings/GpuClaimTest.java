package dev.pilotlight.gpu.readings;

import static dev.pilotlight.gpu.nvml.Scenes.FIRST;
import static dev.pilotlight.gpu.nvml.Scenes.ONE_G;
import static dev.pilotlight.gpu.nvml.Scenes.SECOND;
import static dev.pilotlight.gpu.nvml.Scenes.TWO_G;
import static dev.pilotlight.gpu.nvml.Scenes.readA100;
import static dev.pilotlight.gpu.nvml.Scenes.readH100;
import static dev.pilotlight.gpu.nvml.Scenes.readPart;
import static dev.pilotlight.gpu.nvml.Scenes.readT4;
import static dev.pilotlight.gpu.nvml.Scenes.silent;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GpuClaimTest {
    private static final Device H100 = readH100(0, FIRST);
    private static final Device T4 = readT4(1, SECOND);

    @Nested
    class Of {
        @Test
        void theSettingGoesBeforeTheVariable() {
            assertThat(GpuClaim.of(List.of(FIRST), Optional.of(SECOND)))
                    .isEqualTo(new GpuClaim.Named(Set.of(FIRST), "pilotlight.gpu.uuids", true));
        }

        @Test
        void theWordVisibleClaimsWhatIsSeen() {
            assertThat(GpuClaim.of(List.of("Visible"), Optional.empty()))
                    .isEqualTo(new GpuClaim.AllVisible("pilotlight.gpu.uuids"));
        }

        @Test
        void theVariablesUuidsAreAClaimThatDoesNotBind() {
            assertThat(GpuClaim.of(List.of(), Optional.of(FIRST + ", " + ONE_G)))
                    .isEqualTo(new GpuClaim.Named(Set.of(FIRST, ONE_G), "NVIDIA_VISIBLE_DEVICES", false));
        }

        @Test
        void theVariablesIndicesAreOnlyANumber() {
            assertThat(GpuClaim.of(List.of(), Optional.of("0,3,1:2")))
                    .isEqualTo(new GpuClaim.Counted(3, "NVIDIA_VISIBLE_DEVICES"));
        }

        @ParameterizedTest
        @ValueSource(strings = {"all", "none", "void", "", " , ", "nvidia.com/gpu=0", "GPU-7a2e92f2"})
        void anythingElseInTheVariableClaimsNothing(String value) {
            assertThat(GpuClaim.of(List.of(), Optional.of(value))).isEqualTo(new GpuClaim.Nothing());
        }
    }

    @Nested
    class On {
        @Test
        void aUuidIsTheSameInAnyCase() {
            assertThat(GpuClaim.of(List.of(SECOND.toUpperCase(Locale.ROOT)), Optional.empty())
                            .on(List.of(H100, T4)))
                    .isEqualTo(
                            new GpuClaim.Outcome.Shown(new Scope.Ours("pilotlight.gpu.uuids names them"), List.of(T4)));
        }

        @Test
        void aNamedGpuBringsItsPartitions() {
            Device one = readPart(ONE_G, "1g.5gb", 7, 1, 5, 0);
            Device two = readPart(TWO_G, "2g.10gb", 5, 2, 10, 0);

            assertThat(GpuClaim.of(List.of(FIRST), Optional.empty()).on(List.of(readA100(), one, two, T4)))
                    .isEqualTo(new GpuClaim.Outcome.Shown(
                            new Scope.Ours("pilotlight.gpu.uuids names them"), List.of(readA100(), one, two)));
        }

        @Test
        void onePartitionIsTheOnlyOneVisible() {
            Device one = readPart(ONE_G, "1g.5gb", 7, 1, 5, 0);

            assertThat(new GpuClaim.Nothing().on(List.of(readA100(), one)))
                    .isEqualTo(new GpuClaim.Outcome.Shown(
                            new Scope.Ours("it is the only one visible"), List.of(readA100(), one)));
        }

        @Test
        void asManyAsTheVariableGivesAreOurs() {
            assertThat(new GpuClaim.Counted(2, "NVIDIA_VISIBLE_DEVICES").on(List.of(H100, T4)))
                    .isEqualTo(new GpuClaim.Outcome.Shown(
                            new Scope.Ours("NVIDIA_VISIBLE_DEVICES gives as many as are visible"), List.of(H100, T4)));
        }

        @Test
        void moreThanTheVariableGivesAreUnscoped() {
            assertThat(((GpuClaim.Outcome.Shown)
                                    new GpuClaim.Counted(1, "NVIDIA_VISIBLE_DEVICES").on(List.of(H100, T4)))
                            .scope())
                    .isInstanceOf(Scope.Unscoped.class);
        }

        @Test
        void aStaleVariableIsPassedOver() {
            assertThat(GpuClaim.of(List.of(), Optional.of(SECOND)).on(List.of(H100)))
                    .isEqualTo(new GpuClaim.Outcome.Shown(new Scope.Ours("it is the only one visible"), List.of(H100)));
        }

        @Test
        void aMissingNamedOneIsToldWithThoseThatAreThereAndThoseThatMayNotBeOpened() {
            Device closed = silent(1, "", "", new Device.Unreadable("no permission"));

            assertThat(GpuClaim.of(List.of(SECOND), Optional.empty()).on(List.of(H100, closed)))
                    .isEqualTo(new GpuClaim.Outcome.NotThere("pilotlight.gpu.uuids names " + SECOND
                            + ", which is not here; " + FIRST
                            + " is, and 1 that may not be opened: correct the setting"));
        }
    }
}
