package dev.pilotlight;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.conditions.ArchConditions.be;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import dev.pilotlight.broken.BlockManager;
import dev.pilotlight.broken.Opener;
import dev.pilotlight.broken.Ticker;
import dev.pilotlight.broken.Turnstile;
import dev.pilotlight.broken.here.Chicken;
import dev.pilotlight.broken.there.Egg;
import dev.pilotlight.broken.util.Anything;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.reflect.AccessFlag;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What holds the house together: its adapters, its one clock, its names, and that dependencies run one way. */
class ArchitectureTest {
    /** What lies where Main lies: neither the tests nor the simulated engine. */
    private static final JavaClasses HOUSE = new ClassFileImporter()
            .importUrl(Main.class.getProtectionDomain().getCodeSource().getLocation());

    /**
     * The outside world. A class that touches any of it is an adapter, and stands in the table below. Not outside: values that need
     * nobody else, such as a URI, a Path or a tree of JSON.
     */
    private static final Map<String, Pattern> OUTSIDE = Map.of(
            "clients", Pattern.compile("java\\.net\\.(?!URI$|URLEncoder$|URLDecoder$).*|java\\.nio\\.channels\\..*"),
            "files", Pattern.compile("java\\.nio\\.file\\.(?!Path$).*|java\\.io\\.(File|RandomAccess).*"),
            "native", Pattern.compile("java\\.lang\\.foreign\\..*"),
            "vertx", Pattern.compile("io\\.vertx\\.(?!core\\.json\\.).*|io\\.netty\\..*"),
            "container", Pattern.compile("jakarta\\..*|io\\.quarkus\\..*"),
            "endpoints",
                    Pattern.compile("org\\.eclipse\\.microprofile\\.health\\..*|io\\.smallrye\\.(health|common)\\..*"),
            "settings", Pattern.compile("org\\.eclipse\\.microprofile\\.config\\..*|io\\.smallrye\\.config\\..*"),
            "meters", Pattern.compile("io\\.prometheus\\..*|io\\.micrometer\\..*"),
            "log", Pattern.compile("org\\.jboss\\.logging\\..*|java\\.util\\.logging\\..*|org\\.slf4j\\..*"),
            "kubernetes", Pattern.compile("io\\.fabric8\\..*"));

    /** The adapters: what each class may touch of the outside. A new line here is a decision; so is a longer one. */
    private static final Map<String, Set<String>> ADAPTERS = new TreeMap<>(Map.ofEntries(
            Map.entry("dev.pilotlight.Main", Set.of("clients", "container", "settings")),
            Map.entry("dev.pilotlight.ClusterAccess", Set.of("container", "files", "settings", "vertx")),
            Map.entry("dev.pilotlight.GpuSource", Set.of("container", "log", "vertx")),
            Map.entry("dev.pilotlight.PlainJson", Set.of("vertx")),
            Map.entry("dev.pilotlight.Routes", Set.of("container", "vertx")),
            Map.entry("dev.pilotlight.Sidecar", Set.of("container", "files", "log", "settings", "vertx")),
            Map.entry("dev.pilotlight.api.InForce", Set.of("container", "settings")),
            Map.entry("dev.pilotlight.api.Hour", Set.of("container")),
            Map.entry("dev.pilotlight.api.StatusResource", Set.of("container", "endpoints", "settings")),
            Map.entry("dev.pilotlight.check.CheckCommand", Set.of("clients")),
            Map.entry("dev.pilotlight.config.Kind", Set.of("clients", "files")),
            Map.entry("dev.pilotlight.config.SettingsCheck", Set.of("files", "settings")),
            Map.entry("dev.pilotlight.config.EngineConfig", Set.of("settings")),
            Map.entry("dev.pilotlight.config.MetadataConfig", Set.of("settings")),
            Map.entry("dev.pilotlight.config.PilotlightConfig", Set.of("settings")),
            Map.entry("dev.pilotlight.config.PoolConfig", Set.of("settings")),
            Map.entry("dev.pilotlight.api.DrainResource", Set.of("clients", "container", "endpoints", "log", "vertx")),
            Map.entry("dev.pilotlight.api.KeptConnections", Set.of("vertx")),
            Map.entry("dev.pilotlight.api.Scrapes", Set.of("container", "vertx")),
            Map.entry("dev.pilotlight.api.StatusPage", Set.of("vertx")),
            Map.entry("dev.pilotlight.api.BadRequests", Set.of("vertx")),
            Map.entry("dev.pilotlight.api.Buffers", Set.of("container", "vertx")),
            Map.entry("dev.pilotlight.api.OneAtATime", Set.of("vertx")),
            Map.entry("dev.pilotlight.api.Methods", Set.of("vertx")),
            Map.entry("dev.pilotlight.api.OneHost", Set.of("vertx")),
            Map.entry("dev.pilotlight.api.Failures", Set.of("log")),
            Map.entry("dev.pilotlight.metrics.MetricsPage", Set.of("container", "settings", "vertx")),
            Map.entry("dev.pilotlight.guard.Guard", Set.of("log")),
            Map.entry("dev.pilotlight.kube.ApiClient", Set.of("vertx")),
            Map.entry("dev.pilotlight.kube.ApiWire", Set.of("files", "vertx")),
            Map.entry("dev.pilotlight.kube.WatchStream", Set.of("vertx")),
            Map.entry("dev.pilotlight.pool.peers.PeerClient", Set.of("vertx")),
            Map.entry("dev.pilotlight.gpu.nvml.Downcalls", Set.of("native")),
            Map.entry("dev.pilotlight.gpu.nvml.Nvml", Set.of("native")),
            Map.entry("dev.pilotlight.gpu.nvml.NvmlDevice", Set.of("native")),
            Map.entry("dev.pilotlight.gpu.nvml.NvmlFrame", Set.of("native")),
            Map.entry("dev.pilotlight.gpu.nvml.NvmlSession", Set.of("native")),
            Map.entry("dev.pilotlight.gpu.nvml.XidWatch", Set.of("native")),
            Map.entry("dev.pilotlight.http.Http", Set.of("clients", "vertx")),
            Map.entry("dev.pilotlight.http.OtherScheme", Set.of("clients")),
            Map.entry("dev.pilotlight.http.WantsClientCertificate", Set.of("clients")),
            Map.entry("dev.pilotlight.http.Lookup", Set.of("clients")),
            Map.entry("dev.pilotlight.http.Secret", Set.of("log")),
            Map.entry("dev.pilotlight.http.TlsFiles", Set.of("log", "vertx")),
            Map.entry("dev.pilotlight.http.Transfer", Set.of("vertx")),
            Map.entry("dev.pilotlight.http.WatchedFile", Set.of("files")),
            Map.entry("dev.pilotlight.inject.FirstReviews", Set.of("vertx")),
            Map.entry("dev.pilotlight.inject.Connections", Set.of("vertx")),
            Map.entry("dev.pilotlight.inject.KeyFiles", Set.of("files", "vertx")),
            Map.entry("dev.pilotlight.inject.NewestKeys", Set.of("clients")),
            Map.entry("dev.pilotlight.inject.ReviewBody", Set.of("vertx")),
            Map.entry("dev.pilotlight.inject.Webhook", Set.of("log", "vertx")),
            Map.entry("dev.pilotlight.health.HealthChecks", Set.of("container", "endpoints")),
            Map.entry("dev.pilotlight.log.BoundedLog", Set.of("container", "log")),
            Map.entry("dev.pilotlight.loop.ChangeLog", Set.of("log")),
            Map.entry("dev.pilotlight.loop.LoopWatch", Set.of("log"))));

    private static final Set<String> CLOCKS = Set.of("dev.pilotlight.loop.SteadyClock");

    private static final Pattern EMPTY_NAME = Pattern.compile(".*(Manager|Helper|Service|Impl|Data|Info|Utils?)");
    private static final Pattern EMPTY_PACKAGE =
            Pattern.compile("(.*\\.)?(utils?|common|models?|services?|impl|dto|helpers?)(\\..*)?");

    @Nested
    class TheHouse {
        @Test
        void touchesTheOutsideThroughItsAdaptersAlone() {
            assertThat(strangers(HOUSE, ADAPTERS))
                    .as(
                            "classes that touch the outside and are no adapter for it: move that to an adapter, or add a line to ADAPTERS")
                    .isEmpty();
        }

        @Test
        void hasNoAdapterThatLeadsNowhere() {
            Map<String, Set<String>> touched = touched(HOUSE);
            Map<String, Set<String>> idle = new TreeMap<>();
            ADAPTERS.forEach((adapter, parts) -> {
                Set<String> unused = new TreeSet<>(parts);
                unused.removeAll(touched.getOrDefault(adapter, Set.of()));
                if (!unused.isEmpty()) {
                    idle.put(adapter, unused);
                }
            });
            assertThat(idle)
                    .as("adapters that do not touch what ADAPTERS allows them to: strike it there")
                    .isEmpty();
        }

        @Test
        void hasNoCyclesBetweenPackages() {
            assertThat(failures(NO_CYCLES, HOUSE)).isEmpty();
        }

        @Test
        void readsOneClock() {
            assertThat(failures(ONE_CLOCK, HOUSE)).isEmpty();
        }

        @Test
        void namesThingsForWhatTheyAre() {
            assertThat(failures(TELLING_NAMES, HOUSE)).isEmpty();
        }

        @Test
        void hasPackagesByCapability() {
            assertThat(failures(TELLING_PACKAGES, HOUSE)).isEmpty();
        }

        @Test
        void hasNoSetters() {
            assertThat(failures(NO_SETTERS, HOUSE)).isEmpty();
        }

        @Test
        void hasNoLocks() {
            assertThat(failures(NO_LOCKS, HOUSE)).isEmpty();
        }
    }

    /** A rule that cannot fail holds nothing: each is shown a class that breaks it. */
    @Nested
    class EachRule {
        @Test
        void reportsAClassThatTouchesTheOutsideAndIsNoAdapter() {
            assertThat(strangers(imported(Opener.class), ADAPTERS))
                    .containsExactly(Map.entry(Opener.class.getName(), Set.of("clients", "files", "log", "native")));
        }

        @Test
        void reportsAAdapterThatTouchesMoreThanItMay() {
            Map<String, Set<String>> adapters = Map.of(Opener.class.getName(), Set.of("files", "log", "native"));
            assertThat(strangers(imported(Opener.class), adapters))
                    .containsExactly(Map.entry(Opener.class.getName(), Set.of("clients")));
        }

        @Test
        void reportsPackagesThatNeedEachOther() {
            assertThat(failures(NO_CYCLES, imported(Chicken.class, Egg.class)))
                    .singleElement()
                    .asString()
                    .contains("Cycle detected", "dev.pilotlight.broken.here", "dev.pilotlight.broken.there");
        }

        @Test
        void reportsEveryWayToReadAClock() {
            assertThat(failures(ONE_CLOCK, imported(Ticker.class)))
                    .hasSize(4)
                    .anyMatch(line -> line.contains("Ticker.called()") && line.contains("Instant.now()"))
                    .anyMatch(line -> line.contains("Ticker.referred()") && line.contains("Instant.now()"))
                    .anyMatch(line -> line.contains("System.nanoTime()"))
                    .anyMatch(line -> line.contains("System.currentTimeMillis()"));
        }

        @Test
        void reportsANameThatSaysNothing() {
            assertThat(failures(TELLING_NAMES, imported(BlockManager.class)))
                    .singleElement()
                    .asString()
                    .contains("BlockManager");
        }

        @Test
        void reportsAPackageThatSaysNothing() {
            assertThat(failures(TELLING_PACKAGES, imported(Anything.class)))
                    .singleElement()
                    .asString()
                    .contains("dev.pilotlight.broken.util");
        }

        @Test
        void reportsASetter() {
            assertThat(failures(NO_SETTERS, imported(BlockManager.class)))
                    .singleElement()
                    .asString()
                    .contains("setSize(int)");
        }

        @Test
        void reportsSynchronizedMethodsAndBlocksAndLocks() {
            assertThat(failures(NO_LOCKS, imported(Turnstile.class)))
                    .hasSize(3)
                    .anyMatch(line -> line.contains("Turnstile.guarded") && line.contains("is synchronized"))
                    .anyMatch(line -> line.contains("Turnstile.inside") && line.contains("has a synchronized block"))
                    .anyMatch(line -> line.contains("ReentrantLock"));
        }
    }

    private static JavaClasses imported(Class<?>... fixtures) {
        return new ClassFileImporter().importClasses(fixtures);
    }

    private static List<String> failures(ArchRule rule, JavaClasses classes) {
        return rule.allowEmptyShould(true).evaluate(classes).getFailureReport().getDetails();
    }

    /** By top-level class: the parts of the outside that it or a class within it touches. */
    private static Map<String, Set<String>> touched(JavaClasses classes) {
        Map<String, Set<String>> touched = new TreeMap<>();
        for (JavaClass type : classes) {
            Set<String> outside = type.getDirectDependenciesFromSelf().stream()
                    .map(dependency ->
                            dependency.getTargetClass().getBaseComponentType().getName())
                    .flatMap(target -> OUTSIDE.entrySet().stream()
                            .filter(part -> part.getValue().matcher(target).matches())
                            .map(Map.Entry::getKey))
                    .collect(toCollection(TreeSet::new));
            if (!outside.isEmpty()) {
                touched.computeIfAbsent(topLevel(type), _ -> new TreeSet<>()).addAll(outside);
            }
        }
        return touched;
    }

    private static Map<String, Set<String>> strangers(JavaClasses classes, Map<String, Set<String>> adapters) {
        Map<String, Set<String>> strangers = touched(classes);
        adapters.forEach((adapter, parts) -> strangers.computeIfPresent(adapter, (_, touched) -> {
            touched.removeAll(parts);
            return touched.isEmpty() ? null : touched;
        }));
        return strangers;
    }

    private static String topLevel(JavaClass type) {
        int dollar = type.getName().indexOf('$');
        return dollar < 0 ? type.getName() : type.getName().substring(0, dollar);
    }

    private static final ArchRule NO_CYCLES = slices().assignedFrom(new SliceAssignment() {
                @Override
                public SliceIdentifier getIdentifierOf(JavaClass type) {
                    return SliceIdentifier.of(type.getPackageName());
                }

                @Override
                public String getDescription() {
                    return "packages";
                }
            })
            .should()
            .beFreeOfCycles();

    /** By access and not by call: a method reference is an access, too. */
    private static final ArchRule ONE_CLOCK = noClasses()
            .that(describe("are not the clock", type -> !CLOCKS.contains(topLevel(type))))
            .should()
            .accessTargetWhere(readsAClock());

    private static DescribedPredicate<JavaAccess<?>> readsAClock() {
        return describe("a clock is read", access -> {
            AccessTarget target = access.getTarget();
            String owner = target.getOwner().getName();
            return switch (target.getName()) {
                case "nanoTime", "currentTimeMillis" -> owner.equals("java.lang.System");
                case "now" -> owner.startsWith("java.time.");
                case "systemUTC", "systemDefaultZone", "system" -> owner.equals("java.time.Clock");
                case "<init>" ->
                    owner.equals("java.util.Date")
                            && target instanceof AccessTarget.ConstructorCallTarget constructor
                            && constructor.getRawParameterTypes().isEmpty();
                default -> false;
            };
        });
    }

    private static final ArchRule TELLING_NAMES = noClasses()
            .should(be(describe(
                    "named for nothing in particular: " + EMPTY_NAME,
                    (JavaClass type) -> EMPTY_NAME.matcher(type.getSimpleName()).matches())));

    private static final ArchRule TELLING_PACKAGES = noClasses()
            .should(be(describe("in a package that says nothing: " + EMPTY_PACKAGE, (JavaClass type) -> EMPTY_PACKAGE
                    .matcher(type.getPackageName())
                    .matches())));

    private static final ArchRule NO_SETTERS = classes().should(new ArchCondition<JavaClass>("have no setters") {
        @Override
        public void check(JavaClass type, ConditionEvents events) {
            type.getMethods().stream()
                    .filter(method -> method.getName().matches("set[A-Z].*"))
                    .forEach(method ->
                            events.add(SimpleConditionEvent.violated(type, method.getFullName() + " is a setter")));
        }
    });

    /** ArchUnit sees methods and their calls; a synchronized block shows in the instructions alone. */
    private static final ArchRule NO_LOCKS = classes().should(new ArchCondition<JavaClass>("lock nothing") {
        @Override
        public void check(JavaClass type, ConditionEvents events) {
            monitors(type).forEach(line -> events.add(SimpleConditionEvent.violated(type, line)));
            type.getDirectDependenciesFromSelf().stream()
                    .map(dependency -> dependency.getTargetClass().getName())
                    .filter(target ->
                            target.startsWith("java.util.concurrent.locks.") && !target.endsWith("LockSupport"))
                    .distinct()
                    .forEach(lock -> events.add(SimpleConditionEvent.violated(type, type.getName() + " uses " + lock)));
        }
    });

    private static List<String> monitors(JavaClass type) {
        List<String> found = new ArrayList<>();
        ClassModel file = parsed(type);
        file.methods().forEach(method -> {
            String name = type.getName() + "." + method.methodName().stringValue();
            if (method.flags().has(AccessFlag.SYNCHRONIZED)) {
                found.add(name + " is synchronized");
            }
            boolean block = method.code().stream()
                    .flatMap(code -> code.elementStream())
                    .anyMatch(MonitorInstruction.class::isInstance);
            if (block) {
                found.add(name + " has a synchronized block");
            }
        });
        return found;
    }

    private static ClassModel parsed(JavaClass type) {
        try (InputStream bytes = type.getSource().orElseThrow().getUri().toURL().openStream()) {
            return ClassFile.of().parse(bytes.readAllBytes());
        } catch (IOException e) {
            throw new AssertionError("cannot read the class file of " + type.getName(), e);
        }
    }
}
