package dev.pilotlight.inject;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.inject.InjectionDecision.Inject;
import dev.pilotlight.inject.InjectionDecision.Leave;
import dev.pilotlight.inject.InjectionDecision.OptIn;
import dev.pilotlight.inject.InjectionDecision.Reason;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class InjectionDecisionTest {
    private static InjectionDecision of(JsonObject pod) {
        return InjectionDecision.of(AdmittedPod.of(pod), OptIn.POD);
    }

    private static JsonObject pod(String yaml) {
        return Corpus.yaml("metadata: { labels: { pilotlight.dev/inject: \"true\" } }\nspec:\n" + yaml.indent(2));
    }

    private static Inject injected(String yaml) {
        return (Inject) of(pod(yaml));
    }

    @Nested
    class OfTheCorpus {
        @TestFactory
        Stream<DynamicTest> isAsTheTableHasIt() {
            return Corpus.each(it -> true, it -> {
                switch (of(it.pod())) {
                    case Inject inject ->
                        assertThat(List.of("injected", inject.engine().name(), "" + inject.port()))
                                .isEqualTo(List.of(it.decision(), it.container(), it.port()));
                    case Leave(Reason reason, String why) ->
                        assertThat(reason.code()).as(why).isEqualTo(it.decision());
                }
            });
        }

        /** As a webhook is called again after others have changed the pod. */
        @TestFactory
        Stream<DynamicTest> leavesWhatItInjectedBefore() {
            return Corpus.each(Corpus.Case::injected, it -> {
                Review.Asked asked = (Review.Asked)
                        Review.read(Corpus.review(it.pod()).encode().getBytes());
                JsonObject once = Corpus.patched(
                        it.pod(), asked.answer(asked.decide(OptIn.POD), SidecarTemplate.read(), "pilotlight"));
                assertThat(once).isNotEqualTo(it.pod());
                assertThat(of(once)).isInstanceOfSatisfying(Leave.class, leave -> assertThat(leave.reason())
                        .isEqualTo(Reason.ALREADY_INJECTED));
            });
        }

        @Test
        void hasEveryReasonThatAPodCanGive() {
            Set<String> seen = Corpus.all().stream().map(Corpus.Case::decision).collect(Collectors.toSet());
            assertThat(Stream.of(Reason.values())
                            .filter(reason -> reason != Reason.NO_POD_CREATION)
                            .map(Reason::code))
                    .allMatch(seen::contains);
        }
    }

    @Nested
    class WhenTheNamespaceAsks {
        @Test
        void injectsAPodThatSaysNothing() {
            JsonObject silent = pod("containers: [{ name: vllm, image: vllm/vllm-openai }]");
            silent.getJsonObject("metadata").remove("labels");
            assertThat(InjectionDecision.of(AdmittedPod.of(silent), OptIn.NAMESPACE))
                    .isInstanceOf(Inject.class);
        }

        @Test
        void leavesAPodThatDeclines() {
            JsonObject declining = pod("containers: [{ name: vllm, image: vllm/vllm-openai }]");
            declining.getJsonObject("metadata").getJsonObject("labels").put("pilotlight.dev/inject", "false");
            assertThat(InjectionDecision.of(AdmittedPod.of(declining), OptIn.NAMESPACE))
                    .isEqualTo(new Leave(Reason.OPTED_OUT, "its label pilotlight.dev/inject is \"false\""));
        }
    }

    @Nested
    class WhenThePodHasItsOwn {
        @Test
        void saysThatItsLivenessProbeGivesWay() {
            Inject inject = injected(
                    "containers: [{ name: vllm, image: vllm/vllm-openai, livenessProbe: { exec: { command: [x] } } }]");
            assertThat(inject.livenessProbe()).isTrue();
            assertThat(inject.notes())
                    .containsExactly("the liveness probe of container \"vllm\" is replaced by the engine's verdict;"
                            + " label pilotlight.dev/keep-liveness-probe keeps it");
        }

        @Test
        void keepsItsPreStopHookAndSaysSo() {
            Inject inject = injected(
                    "containers: [{ name: vllm, image: vllm/vllm-openai, lifecycle: { preStop: { sleep: { seconds: 5 } } } }]");
            assertThat(inject.preStop()).isFalse();
            assertThat(inject.notes())
                    .containsExactly(
                            "container \"vllm\" keeps its own preStop hook, so requests in flight are not drained");
        }

        @Test
        void raisesAShortGracePeriodAndCutsNoLongOne() {
            assertThat(injected(
                                    "terminationGracePeriodSeconds: 329\ncontainers: [{ name: vllm, image: vllm/vllm-openai }]")
                            .gracePeriod())
                    .isTrue();
            assertThat(injected(
                                    "terminationGracePeriodSeconds: 331\ncontainers: [{ name: vllm, image: vllm/vllm-openai }]")
                            .gracePeriod())
                    .isFalse();
        }

        @Test
        void putsTheDrainBesideAPostStartHook() {
            JsonObject pod = pod(
                    "containers: [{ name: vllm, image: vllm/vllm-openai, lifecycle: { postStart: { exec: { command: [x] } } } }]");
            JsonArray patch = SidecarPatch.of(pod, (Inject) of(pod), false, SidecarTemplate.read(), "pilotlight");
            assertThat(patch.stream().map(op -> ((JsonObject) op).getString("path")))
                    .containsExactly(
                            "/spec/initContainers",
                            "/spec/containers/0/livenessProbe",
                            "/spec/containers/0/readinessProbe",
                            "/spec/containers/0/lifecycle/preStop",
                            "/spec/terminationGracePeriodSeconds");
        }
    }

    @Nested
    class WhenThePodIsOddlyShaped {
        @Test
        void leavesIt() {
            for (String odd : List.of(
                    "containers: 7",
                    "containers: []",
                    "containers: [null, 3, \"x\", []]",
                    "containers: { name: vllm }",
                    "containers: [{ name: [vllm], image: { a: b }, command: 3, args: [[1]], ports: [{ containerPort: x }] }]",
                    "{}")) {
                assertThat(of(pod(odd))).as(odd).isInstanceOfSatisfying(Leave.class, leave -> assertThat(leave.reason())
                        .isEqualTo(Reason.NO_ENGINE));
            }
        }

        @Test
        void countsAnAbsurdPortForNone() {
            assertThat(injected(
                                    "containers: [{ name: vllm, image: vllm/vllm-openai, ports: [{ containerPort: 1.0e300 }, { containerPort: -5 }] }]")
                            .port())
                    .isEqualTo(8000);
        }

        @Test
        void quotesNoNameThatWouldBreakALog() {
            Inject inject =
                    injected("containers: [{ name: \"a\\n\\u001b[31m\", image: vllm-openai, livenessProbe: {} }]");
            assertThat(inject.notes()).singleElement().asString().contains("\"a??[31m\"");
        }
    }
}
