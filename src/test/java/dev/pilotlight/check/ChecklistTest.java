package dev.pilotlight.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.check.Finding.Level;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class ChecklistTest {
    /** A pod of which nothing is missing. */
    private static JsonObject well() {
        return new JsonObject()
                .put("phase", "ready")
                .put("reason", "ready since then: warm")
                .put("ready", new JsonObject().put("up", true).put("reason", "ready since then: warm"))
                .put(
                        "engine",
                        new JsonObject().put("answers", true).put("model", new JsonObject().put("name", "qwen3-8b")))
                .put(
                        "gpu",
                        new JsonObject()
                                .put("why", "NVML shows one GPU")
                                .put("source", "nvml")
                                .put("scope", "ours")
                                .put("devices", new JsonArray().add(new JsonObject().put("index", 0)))
                                .put("faults", new JsonArray()))
                .put("scrape", new JsonObject().put("ageSeconds", 12.3))
                .put(
                        "cluster",
                        new JsonObject()
                                .put("podAgeSeconds", 3.0)
                                .put(
                                        "vllm",
                                        new JsonObject()
                                                .put("container", "vllm")
                                                .put("maxNumSeqs", 64))
                                .put(
                                        "spec",
                                        new JsonObject()
                                                .put("livenessProbe", true)
                                                .put("preStop", true)
                                                .put("gracePeriodSeconds", 330)))
                .put("configuration", new JsonObject());
    }

    private static Map<String, Level> levels(JsonObject status) {
        return Checklist.of(status).stream()
                .collect(Collectors.toMap(Finding::what, Finding::level, (one, other) -> other));
    }

    private static Finding finding(JsonObject status, String what) {
        return Checklist.of(status).stream()
                .filter(it -> it.what().equals(what))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void findsNothingMissingWhereAllIsWell() {
        assertThat(Checklist.of(well()))
                .allSatisfy(finding -> assertThat(finding.level()).isEqualTo(Level.OK));
        assertThat(levels(well()))
                .containsOnlyKeys(
                        "engine", "phase", "key", "slots", "permissions", "probe", "drain", "grace", "gpu", "scrape");
    }

    @Test
    void hasAFixForAllThatIsNotWell() {
        assertThat(Checklist.of(new JsonObject())).isNotEmpty().allSatisfy(finding -> assertThat(
                        finding.level() == Level.OK || finding.fix().isPresent())
                .as(finding.text())
                .isTrue());
    }

    @Test
    void saysInALineWhatIsWrongAndInTheNextWhatToDo() {
        assertThat(Finding.missing("permissions", "no", "yes").text())
                .isEqualTo("missing  permissions no%n                     -> yes".formatted());
    }

    @Nested
    class Misses {
        @Test
        void anEngineThatDoesNotAnswer() {
            JsonObject status =
                    well().put("engine", new JsonObject().put("answers", false).put("why", "connection refused"));
            assertThat(finding(status, "engine").level()).isEqualTo(Level.MISSING);
            assertThat(finding(status, "engine").says()).isEqualTo("connection refused");
        }

        @Test
        void aReadinessThatIsHeldBackInPhaseReady() {
            JsonObject status = well().put(
                            "ready",
                            new JsonObject().put("up", false).put("reason", "GET /health answers 5xx since then"));
            assertThat(finding(status, "phase").level()).isEqualTo(Level.MISSING);
            assertThat(finding(status, "phase").says())
                    .isEqualTo("ready, and /q/health/ready says no: GET /health answers 5xx since then");
        }

        @Test
        void aPageThatCannotBeRead() {
            JsonObject status =
                    well().put("engine", new JsonObject().put("answers", true).put("why", "the page has none of them"));
            assertThat(finding(status, "engine").fix())
                    .hasValueSatisfying(fix -> assertThat(fix).contains("--disable-log-stats"));
        }

        @Test
        void aKeyThatIsAskedForAndNotGivenOrIsAnother() {
            JsonObject status =
                    well().put("warmUp", new JsonObject().put("lastFailure", "POST /v1/completions answered 401: no"));
            assertThat(finding(status, "key").fix())
                    .hasValueSatisfying(fix -> assertThat(fix).contains("PILOTLIGHT_ENGINE_API_KEY"));
            status.getJsonObject("configuration").put("pilotlight.engine.api-key-file", "/key");
            assertThat(finding(status, "key").fix())
                    .hasValueSatisfying(fix -> assertThat(fix).contains("is not vLLM's"));
        }

        @Test
        void thePermissionToReadAndToLabelThePod() {
            JsonObject status = well();
            status.getJsonObject("cluster").put("podWhy", "403").put("marksWhy", "403");
            assertThat(Checklist.of(status).stream()
                            .filter(it -> it.what().equals("permissions"))
                            .map(Finding::says))
                    .containsExactly("it cannot read its own pod: 403", "it cannot label its own pod: 403");
        }

        @Test
        void aHookThatDrainsAndTimeToDoSo() {
            JsonObject status = well();
            status.getJsonObject("cluster")
                    .getJsonObject("spec")
                    .put("preStop", false)
                    .put("gracePeriodSeconds", 30);
            assertThat(levels(status)).containsEntry("drain", Level.MISSING).containsEntry("grace", Level.MISSING);
        }

        @Test
        void aScrape() {
            assertThat(levels(well().put("scrape", new JsonObject()))).containsEntry("scrape", Level.MISSING);
            assertThat(levels(well().put("scrape", new JsonObject().put("ageSeconds", 600.0))))
                    .containsEntry("scrape", Level.MISSING);
        }

        @Test
        void aSoundGpu() {
            JsonObject status = well();
            status.getJsonObject("gpu").getJsonArray("faults").add(new JsonObject().put("reason", "XID 79"));
            assertThat(levels(status)).containsEntry("gpu", Level.MISSING);
        }

        @Test
        void thePlanOfAManagedPool() {
            JsonObject status = well();
            status.getJsonObject("configuration").put("pilotlight.pool.mode", "managed");
            status.getJsonObject("cluster").put("planWhy", "403");
            assertThat(levels(status)).containsEntry("pool", Level.MISSING);
        }
    }

    @Nested
    class Notes {
        @Test
        void aPodThatIsNotReadyYet() {
            assertThat(levels(well().put("phase", "warming"))).containsEntry("phase", Level.NOTE);
        }

        @Test
        void whatIsDoneWithout() {
            JsonObject status = well().put("gpu", new JsonObject().put("why", "no library"));
            status.remove("cluster");
            assertThat(levels(status))
                    .containsEntry("gpu", Level.NOTE)
                    .containsEntry("permissions", Level.NOTE)
                    .containsEntry("spec", Level.NOTE)
                    .containsEntry("slots", Level.NOTE);
            assertThat(Checklist.passes(Checklist.of(status))).isTrue();
        }

        @Test
        void aGpuThatMayBeAnothers() {
            JsonObject status = well();
            status.getJsonObject("gpu").put("scope", "unscoped");
            assertThat(levels(status)).containsEntry("gpu", Level.NOTE);
        }
    }
}
