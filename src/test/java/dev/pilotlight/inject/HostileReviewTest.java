package dev.pilotlight.inject;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.hostile.Mutations;
import dev.pilotlight.inject.InjectionDecision.OptIn;
import io.vertx.core.json.JsonObject;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Reviews that nobody's API server sends: each is decided on or called garbled, and none throws. */
class HostileReviewTest {
    private static final JsonObject POD = Corpus.yaml("""
            metadata: { name: vllm-0, labels: { pilotlight.dev/inject: "true" }, annotations: { a: b } }
            spec:
              terminationGracePeriodSeconds: 45
              containers:
                - name: vllm
                  image: vllm/vllm-openai
                  command: [vllm, serve, m, --port, "8001"]
                  ports: [{ containerPort: 8001 }]
                  livenessProbe: { httpGet: { path: /health, port: 8001 } }
                  lifecycle: { preStop: { exec: { command: [sleep, "5"] } } }
                - { name: other, image: other }
            """);

    @Test
    void areDecidedOrGarbled() {
        Random chance = new Random(9);
        JsonObject template = SidecarTemplate.read();
        int decided = 0;
        for (int i = 0; i < 3000; i++) {
            String review = i % 2 == 0
                    ? Mutations.json(Corpus.review(POD), chance)
                    : Corpus.review(Mutations.values(POD, chance)).encode();
            byte[] body = chance.nextInt(5) == 0 ? Mutations.bytes(review, chance) : review.getBytes(UTF_8);
            try {
                if (Review.read(body) instanceof Review.Asked asked) {
                    JsonObject answer = asked.answer(asked.decide(OptIn.POD), template, "pilotlight");
                    assertThat(answer.getJsonObject("response").getBoolean("allowed"))
                            .isTrue();
                    assertThat(answer.encode()).doesNotContain("\n");
                    decided++;
                }
            } catch (RuntimeException | Error thrown) {
                throw new AssertionError("seed 9, number " + i + ":\n" + new String(body, UTF_8), thrown);
            }
        }
        assertThat(decided).isGreaterThan(1000);
    }
}
