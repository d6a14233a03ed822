package dev.pilotlight.inject;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.inject.InjectionDecision.Leave;
import dev.pilotlight.inject.InjectionDecision.OptIn;
import dev.pilotlight.inject.InjectionDecision.Reason;
import dev.pilotlight.inject.Review.Asked;
import dev.pilotlight.inject.Review.Garbled;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class ReviewTest {
    private static final JsonObject TEMPLATE = SidecarTemplate.read();

    private static final JsonObject POD = Corpus.yaml(
            "metadata: { labels: { pilotlight.dev/inject: \"true\" } }\nspec: { containers: [{ name: vllm, image: vllm/vllm-openai, livenessProbe: {} }] }");

    private static Review read(JsonObject review) {
        return Review.read(review.encode().getBytes(UTF_8));
    }

    private static JsonObject answer(JsonObject pod) {
        Asked asked = (Asked) read(Corpus.review(pod));
        return asked.answer(asked.decide(OptIn.POD), TEMPLATE, "registry.example.com/pilotlight:1")
                .getJsonObject("response");
    }

    private static JsonObject without(String key) {
        JsonObject review = Corpus.review(POD);
        review.getJsonObject("request").remove(key);
        return review;
    }

    @Nested
    class OfAPod {
        @Test
        void isAnsweredWithAPatchAnAnnotationAndAWarning() {
            JsonObject response = answer(POD);
            assertThat(response.getString("uid")).isEqualTo("705ab4f5-6393-11e8-b7cc-42010a800002");
            assertThat(response.getBoolean("allowed")).isTrue();
            assertThat(response.getString("patchType")).isEqualTo("JSONPatch");
            String why = "the liveness probe of container \"vllm\" is replaced by the engine's verdict;"
                    + " label pilotlight.dev/keep-liveness-probe keeps it";
            assertThat(response.getJsonObject("auditAnnotations"))
                    .isEqualTo(new JsonObject().put("decision", "injected").put("reason", why));
            assertThat(response.getJsonArray("warnings")).isEqualTo(new JsonArray().add("pilotlight: " + why));
        }

        @Test
        void takesTheImageOfTheSetting() {
            JsonObject after = Corpus.patched(POD, new JsonObject().put("response", answer(POD)));
            assertThat(after.getJsonObject("spec")
                            .getJsonArray("initContainers")
                            .getJsonObject(0)
                            .getString("image"))
                    .isEqualTo("registry.example.com/pilotlight:1");
        }

        @Test
        void isAnsweredWithoutAPatchAndWithTheReasonWhereItIsLeft() {
            JsonObject pod = Corpus.yaml(
                    "metadata: { labels: { pilotlight.dev/inject: \"true\" } }\nspec: { containers: [{ name: nginx }] }");
            JsonObject response = answer(pod);
            assertThat(response.fieldNames())
                    .containsExactlyInAnyOrder("uid", "allowed", "auditAnnotations", "warnings");
            assertThat(response.getBoolean("allowed")).isTrue();
            assertThat(response.getJsonObject("auditAnnotations").getString("decision"))
                    .isEqualTo("no-engine");
            assertThat(response.getJsonArray("warnings").getString(0))
                    .startsWith("pilotlight was not injected (no-engine): ")
                    .hasSizeLessThanOrEqualTo(Review.LONGEST_WARNING);
        }

        @Test
        void warnsOfNothingThatTheOwnerWanted() {
            JsonObject pod = Corpus.yaml("metadata: { labels: { pilotlight.dev/inject: \"false\" } }\nspec: {}");
            assertThat(answer(pod).containsKey("warnings")).isFalse();
        }
    }

    @Nested
    class OfSomethingElse {
        @Test
        void letsItPass() {
            for (JsonObject review : List.of(
                    without("resource"),
                    without("operation"),
                    request("operation", "DELETE"),
                    request("subResource", "ephemeralcontainers"),
                    request("resource", new JsonObject().put("group", "apps").put("resource", "deployments")))) {
                Asked asked = (Asked) read(review);
                assertThat(asked.decide(OptIn.POD))
                        .isInstanceOfSatisfying(
                                Leave.class, leave -> assertThat(leave.reason()).isEqualTo(Reason.NO_POD_CREATION));
            }
        }

        private static JsonObject request(String key, Object value) {
            JsonObject review = Corpus.review(POD);
            review.getJsonObject("request").put(key, value);
            return review;
        }
    }

    @Nested
    class Garbage {
        @Test
        void isNamed() {
            assertThat(Review.read(new byte[0])).isEqualTo(new Garbled("the body is not a JSON object"));
            assertThat(Review.read("[]".getBytes(UTF_8))).isEqualTo(new Garbled("the body is not a JSON object"));
            assertThat(Review.read("null".getBytes(UTF_8))).isEqualTo(new Garbled("the body is not a JSON object"));
            assertThat(Review.read("{} {}".getBytes(UTF_8))).isEqualTo(new Garbled("the body is not a JSON object"));
            assertThat(Review.read(new byte[] {(byte) 0xc3, 0x28})).isEqualTo(new Garbled("the body is not UTF-8"));
            assertThat(Review.read("{}".getBytes(UTF_8)))
                    .isEqualTo(new Garbled("the body is no AdmissionReview of admission.k8s.io/v1"));
            assertThat(read(Corpus.review(POD).put("apiVersion", "admission.k8s.io/v1beta1")))
                    .isEqualTo(new Garbled("the body is no AdmissionReview of admission.k8s.io/v1"));
            assertThat(read(Corpus.review(POD).put("request", 7)))
                    .isEqualTo(new Garbled("the AdmissionReview has no request"));
            assertThat(read(without("uid"))).isEqualTo(new Garbled("the AdmissionReview's request has no uid"));
            assertThat(read(without("object")))
                    .isEqualTo(new Garbled("the AdmissionReview creates a pod and shows none"));
        }

        @Test
        void isRefusedThoughItNestsWithoutEnd() {
            assertThat(Review.read(("{\"a\":" + "[".repeat(100_000)).getBytes(UTF_8)))
                    .isEqualTo(new Garbled("the body is not a JSON object"));
        }

        @Test
        void isRefusedThoughItIsValidAndHasEndlesslyManyValues() {
            assertThat(Review.read(("{\"a\":[" + "{},".repeat(200_000) + "{}]}").getBytes(UTF_8)))
                    .isEqualTo(new Garbled("the body has more than 200000 values"));
        }
    }

    /** Whatever comes is answered: a review with some bytes changed, and a tree with some values of the wrong kind. */
    @Nested
    class AnyReview {
        private static final long SEED = 20_261_125;

        @Test
        void isAnsweredWithItsBytesChanged() {
            Random random = new Random(SEED);
            List<Corpus.Case> pods = Corpus.all();
            for (int i = 0; i < 2_000; i++) {
                byte[] body =
                        Corpus.review(pods.get(i % pods.size()).pod()).encode().getBytes(UTF_8);
                for (int change = random.nextInt(8); change >= 0; change--) {
                    body[random.nextInt(body.length)] = (byte) random.nextInt(256);
                }
                answered(Review.read(body));
            }
        }

        @Test
        void isAnsweredWithItsValuesChanged() {
            Random random = new Random(SEED);
            List<Corpus.Case> pods = Corpus.all();
            int injected = 0;
            for (int i = 0; i < 2_000; i++) {
                JsonObject review = Corpus.review(POD);
                review.getJsonObject("request")
                        .put("object", changed(random, pods.get(i % pods.size()).pod()));
                injected += answered(read(review)) ? 1 : 0;
            }
            assertThat(injected).as("of seed " + SEED).isBetween(200, 1_800);
        }

        private static boolean answered(Review review) {
            return switch (review) {
                case Garbled(String why) -> {
                    assertThat(why).isNotEmpty();
                    yield false;
                }
                case Asked asked -> {
                    JsonObject answer = asked.answer(asked.decide(OptIn.POD), TEMPLATE, "pilotlight");
                    assertThat(answer.getJsonObject("response").getBoolean("allowed"))
                            .isTrue();
                    yield answer.getJsonObject("response").containsKey("patch");
                }
            };
        }

        private static Object changed(Random random, Object value) {
            if (random.nextInt(200) == 0) {
                return switch (random.nextInt(6)) {
                    case 0 -> null;
                    case 1 -> random.nextLong();
                    case 2 -> "\u0000\n'\"\\".repeat(random.nextInt(100));
                    case 3 -> new JsonArray().add(value);
                    case 4 -> new JsonObject().put("x", value);
                    default -> random.nextBoolean();
                };
            }
            return switch (value) {
                case JsonObject object -> {
                    JsonObject copy = new JsonObject();
                    object.forEach(entry -> copy.put(entry.getKey(), changed(random, entry.getValue())));
                    yield copy;
                }
                case JsonArray array -> {
                    JsonArray copy = new JsonArray();
                    array.forEach(element -> copy.add(changed(random, element)));
                    yield copy;
                }
                case null -> null;
                default -> value;
            };
        }
    }
}
