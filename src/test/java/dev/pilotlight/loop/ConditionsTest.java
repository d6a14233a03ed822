package dev.pilotlight.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.cluster.ClusterView;
import dev.pilotlight.drain.Refusals;
import dev.pilotlight.engine.EngineReading.Pause;
import dev.pilotlight.gpu.readings.Device;
import dev.pilotlight.gpu.readings.Scope;
import dev.pilotlight.gpu.readings.Xids;
import dev.pilotlight.health.HealthRules;
import dev.pilotlight.kube.Cached;
import dev.pilotlight.lifecycle.Condition;
import dev.pilotlight.lifecycle.LivenessPolicy;
import dev.pilotlight.lifecycle.Refusal;
import dev.pilotlight.loop.World.Engine;
import dev.pilotlight.metrics.MetricCatalog;
import dev.pilotlight.pod.OwnPod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jboss.logmanager.formatters.PatternFormatter;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The table of verdicts, a scene for each row: when it stands, what follows from it, where it is read, and that it goes again. */
class ConditionsTest {
    private static final int AMPLE = 10;

    /**
     * @param world as it was before
     * @param happens from then on, once
     * @param after seconds until the condition stands, none before
     * @param ends what undoes it
     */
    private record Scene(World world, Runnable happens, int after, Runnable ends) {}

    private static World served() {
        return new World().seconds(3).ready();
    }

    private static Scene of(World world, Consumer<World> happens, int after) {
        return new Scene(world, () -> happens.accept(world), after, () -> {
            world.serve();
            world.healthSays = "";
            world.hangs = false;
            world.alternates = false;
            world.second = world.second.map(_ -> Engine.SERVING);
            world.lists = true;
            world.refusal = Optional.empty();
            world.warmUpFails = Optional.empty();
            world.pause = Pause.NONE;
            world.weightUpdates = 0;
            world.rank().waiting = 0;
            world.cluster = ClusterView.NONE;
            world.gpu = Gpus.one(world.now, new Scope.Ours("one GPU"), new Device.Working());
        });
    }

    private static Scene of(Condition condition) {
        return switch (condition) {
            case DEAD ->
                of(
                        served(),
                        it -> {
                            it.health = 503;
                            it.refusal = Optional.of(Refusal.ERROR);
                        },
                        10);
            case STUCK ->
                of(
                        served(),
                        it -> {
                            it.rank().running = 4;
                            it.hangs = true;
                        },
                        298);
            case BROKEN -> of(intolerant(), it -> it.refusal = Optional.of(Refusal.ERROR), 75);
            case START_TOO_LONG -> of(new World(), _ -> {}, 30 * 60);
            case GPU ->
                of(
                        served(),
                        it -> it.gpu = Gpus.one(it.now, new Scope.Ours("one GPU"), new Device.Lost("GPU_IS_LOST")),
                        0);
            case UNHEALTHY ->
                of(
                        served(),
                        it -> {
                            it.health = 502;
                            it.healthSays = "no upstream";
                        },
                        0);
            case TLS_FAILED -> of(served(), it -> it.engine = Engine.OTHER_CERTIFICATE, 0);
            case NAME_UNKNOWN -> of(served(), it -> it.engine = Engine.NO_NAME, 0);
            case SILENT -> of(served(), it -> it.engine = Engine.SILENT, 10);
            case SUSPENDED -> of(served(), it -> it.weightUpdates = 1, 0);
            case SEVERAL_SERVERS -> of(served(), it -> it.alternates = true, 1);
            case PARTLY_DOWN -> of(servedByTwo(), it -> it.second = Optional.of(Engine.REFUSED), 0);
            case NO_MODEL ->
                of(
                        new World(),
                        it -> {
                            it.serve();
                            it.lists = false;
                        },
                        60);
            case ERRORS -> of(served(), it -> it.refusal = Optional.of(Refusal.ERROR), 75);
            case STARVED ->
                of(
                        served(),
                        it -> {
                            it.rank().waiting = 300;
                            it.hangs = true;
                            it.refusal = Optional.of(Refusal.BUSY);
                        },
                        118);
            case UNRESPONSIVE ->
                of(
                        served(),
                        it -> {
                            it.rank().running = 4;
                            it.hangs = true;
                        },
                        88);
            case WARM_UP_GAVE_UP ->
                of(
                        new World(),
                        it -> {
                            it.serve();
                            it.warmUpFails = Optional.of("POST /v1/completions answered 500");
                        },
                        180);
            case PAGE_UNREADABLE -> of(served(), it -> it.engine = Engine.GARBLED, 9);
            case PARTLY_SEEN ->
                of(served(), it -> it.cluster = startedWith("--data-parallel-multi-port-external-lb"), 0);
            case REJECTING -> of(rejecting(), it -> it.rejections = OptionalDouble.of(3), 0);
            case KEY_REFUSED -> of(served(), it -> it.refusal = Optional.of(Refusal.KEY), 55);
            case TURNED_AWAY -> of(served(), it -> it.refusal = Optional.of(Refusal.BUSY), 55);
            case PROBE_UNSUPPORTED -> of(served(), it -> it.refusal = Optional.of(Refusal.UNSUPPORTED), 55);
        };
    }

    /** Two servers of one pod, a rank each. */
    static World servedByTwo() {
        World world = new World();
        world.ranks.add(new World.RankState());
        world.second = Optional.of(Engine.SERVING);
        return world.seconds(3).ready();
    }

    private static World rejecting() {
        World world = served();
        world.rejections = OptionalDouble.of(0);
        return world.seconds(1);
    }

    /** A pod whose vLLM has these arguments. */
    static ClusterView startedWith(String... arguments) {
        JsonObject pod = new JsonObject()
                .put(
                        "spec",
                        new JsonObject()
                                .put(
                                        "containers",
                                        new JsonArray()
                                                .add(new JsonObject()
                                                        .put("name", "vllm")
                                                        .put("image", "vllm/vllm-openai:v0.32.0")
                                                        .put(
                                                                "args",
                                                                new JsonArray(Stream.concat(
                                                                                Stream.of("--model", "tiny"),
                                                                                Stream.of(arguments))
                                                                        .toList())))));
        return new ClusterView(
                Optional.of(new Cached<>(
                        Map.of("vllm-0", new Cached.Item<>("1", OwnPod.of(pod, Optional.empty()))),
                        Optional.of(World.START),
                        Optional.empty())),
                ClusterView.NONE.plan(),
                ClusterView.NONE.named(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                ClusterView.NONE.calls());
    }

    private static World intolerant() {
        return new World(
                        new LivenessPolicy(
                                Duration.ofSeconds(10),
                                Duration.ofSeconds(60),
                                Duration.ofSeconds(60),
                                Optional.empty(),
                                Optional.empty(),
                                true),
                        World.WARM_UP)
                .seconds(3)
                .ready();
    }

    @TestFactory
    Stream<DynamicTest> standAsTheTableSaysAndGoAgain() {
        return Stream.of(Condition.values())
                .map(condition -> DynamicTest.dynamicTest(condition.word(), () -> plays(condition, of(condition))));
    }

    private static final Path PAGE = Path.of("docs/probes.md");
    private static final PatternFormatter MESSAGE = new PatternFormatter("%s");
    private static final String HEAD = "| condition | `/api/v1/status`, `conditions` | the log, once |";
    private static final Pattern VARIABLE = Pattern.compile(
            "\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z|(127\\.0\\.0\\.1:)?\\d{2,}(?= |:|;)|(?<=, and )\\d(?= request)");

    /** What an operator reads of each: the sentence in the status, and one line in the log. */
    @TestFactory
    Stream<DynamicTest> areReadAsTheDocumentationSays() throws IOException {
        List<String> page = Files.readAllLines(PAGE);
        List<String> rows = page.subList(page.indexOf(HEAD) + 2, page.size()).stream()
                .takeWhile(line -> line.startsWith("|"))
                .toList();
        return Stream.of(Condition.values())
                .map(condition -> DynamicTest.dynamicTest(condition.word(), () -> {
                    String row = row(condition, of(condition));
                    assertThat(rows).contains(row).hasSameSizeAs(Condition.values());
                }));
    }

    private static String row(Condition condition, Scene scene) {
        World world = scene.world();
        List<String> lines = new ArrayList<>();
        Handler listener = listener(lines);
        Logger logger = Logger.getLogger("pilotlight");
        logger.addHandler(listener);
        ChangeLog log = new ChangeLog();
        try {
            scene.happens().run();
            for (int second = 0; second < scene.after() + AMPLE + 30; second++) {
                Memory before = world.memory;
                world.second();
                log.note(before, world.memory);
                if (second < scene.after() + AMPLE && world.picture.conditions().has(condition)) {
                    second = scene.after() + AMPLE;
                }
            }
        } finally {
            logger.removeHandler(listener);
        }
        String why = world.picture.conditions().standing().get(condition).why();
        List<String> said = lines.stream()
                .filter(line -> line.contains(", " + condition.word() + ": ")
                        || line.contains("now " + condition.word() + ": ")
                        || line.startsWith("WARN " + condition.word() + ": ")
                        || condition == Condition.SUSPENDED && line.contains("-> suspended: "))
                .toList();
        assertThat(said).as("lines on %s of %s", condition, lines).hasSize(1);
        return "| `%s` | %s | `%s` |".formatted(condition.word(), shown(why, 110), shown(said.getFirst(), 60));
    }

    private static Handler listener(List<String> lines) {
        return new Handler() {
            @Override
            public void publish(LogRecord record) {
                String level = record.getLevel().getName().replace("WARNING", "WARN");
                lines.add(level + " " + MESSAGE.format(record));
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
    }

    /** The beginning, without what is another each time. */
    private static String shown(String text, int most) {
        String plain = VARIABLE.matcher(text).replaceAll("…").replace('|', '/');
        return plain.length() <= most ? plain : plain.substring(0, plain.lastIndexOf(' ', most)) + " …";
    }

    private static void plays(Condition condition, Scene scene) {
        World world = scene.world();
        scene.happens().run();
        int second = 0;
        while (!world.picture.conditions().has(condition)) {
            assertThat(second)
                    .as("second, conditions %s, phase %s", world.picture.conditions(), world.picture.phase())
                    .isLessThanOrEqualTo(scene.after() + AMPLE);
            world.second();
            second++;
        }
        assertThat(second).as("not before its time").isGreaterThanOrEqualTo(scene.after());

        assertThat(world.picture.conditions().standing().get(condition).why()).isNotBlank();
        assertThat(MetricCatalog.points(world.picture, Refusals.NONE, world.now).stream()
                        .filter(point -> point.metric().name().equals("pilotlight_condition"))
                        .map(MetricCatalog.Point::labels))
                .contains(List.of(condition.word(), condition.effect().word()));
        // A ready pod that is not seen any more stays so until what was seen is stale.
        world.seconds(
                condition == Condition.TLS_FAILED
                                || condition == Condition.NAME_UNKNOWN
                                || condition == Condition.SILENT
                        ? 11
                        : 0);
        assertThat(HealthRules.engine(world.picture).up())
                .as("liveness: %s", HealthRules.engine(world.picture).reason())
                .isEqualTo(!condition.kills());
        assertThat(HealthRules.ready(world.picture, world.now).up())
                .as("readiness: %s", HealthRules.ready(world.picture, world.now).reason())
                .isEqualTo(condition.effect() == Condition.Effect.SAID);

        scene.ends().run();
        world.seconds(condition == Condition.SEVERAL_SERVERS ? 700 : 400);
        assertThat(world.picture.conditions().standing()).isEqualTo(Map.of());
        assertThat(HealthRules.ready(world.picture, world.now).up()).isTrue();
    }

    /** Of the text format: each line has a combination of name and labels of its own. */
    @Test
    void publishesEachSeriesOnceBesideTwoFatalXidsOnOneGpu() {
        World world = served();
        for (Map<Integer, Long> counted : List.of(Map.<Integer, Long>of(), Map.of(79, 1L), Map.of(79, 1L, 48, 1L))) {
            world.gpu = Gpus.one(world.now, new Scope.Ours("one GPU"), new Device.Working(), new Xids.Counted(counted));
            world.second();
        }
        List<List<String>> series = MetricCatalog.points(world.picture, Refusals.NONE, world.now).stream()
                .map(point -> Stream.concat(Stream.of(point.metric().name()), point.labels().stream())
                        .toList())
                .toList();
        assertThat(series).doesNotHaveDuplicates().anyMatch(it -> it.contains("fatal_xid"));
    }
}
