package dev.pilotlight.signal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each part of the load's formulas is there for a law: changed in its source, compiled and held against {@link LoadLawsTest} and the four slots of {@link LoadPropertiesTest}, it breaks one.
 * {@code make test-mutants}; every mutant takes some seconds, one that lived would take half a minute.
 */
@Tag("mutants")
class LoadMutantsTest {
    private static final Path SOURCES = Path.of("src/main/java/dev/pilotlight/signal");
    /** Loaded again for each mutant, so that the laws see it and not the real one. */
    private static final List<String> ANEW =
            List.of("dev.pilotlight.signal.", "dev.pilotlight.replay.", "dev.pilotlight.simulator.");

    private static final List<Class<?>> LAWS = List.of(
            LoadPropertiesTest.OnFourSlots.class,
            LoadLawsTest.WhatWasIsForgotten.class,
            LoadLawsTest.WhatIsSeen.class,
            LoadLawsTest.WhatIsNotOurWork.class,
            LoadLawsTest.AConstantNumberInFlight.class);

    @TempDir
    Path folder;

    private record Mutant(String file, String from, String to) {
        String source() {
            try {
                String text = Files.readString(SOURCES.resolve(file + ".java"));
                assertThat(text.split(java.util.regex.Pattern.quote(from), -1))
                        .as("'%s' stands once in %s", from, file)
                        .hasSize(2);
                return text.replace(from, to);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static Stream<Mutant> mutants() {
        return Stream.of(
                new Mutant("Load", "taken * (1 + bend) / (1 + bend * taken)", "taken"),
                new Mutant("Load", "taken * (1 + bend) / (1 + bend * taken)", "Math.sqrt(taken)"),
                new Mutant("Load", "Math.min(comes * each, most(comes, each, chance))", "comes * each"),
                new Mutant("Load", "Math.min(comes * each, most(comes, each, chance))", "least"),
                new Mutant("Load", "return Math.max(least, Math.min(comes", "return Math.max(0, Math.min(comes"),
                new Mutant(
                        "Load", "interval.stoodStill() && elapsed", "interval.stoodStill() && 99 < elapsed && elapsed"),
                new Mutant("Load", "price.isOverBy(late) ? LATE_PRICE_SECONDS / 2 : memory()", "memory()"),
                new Mutant("Load", "Math.max(0, last.waiting() - last.deferred())", "last.waiting()"),
                new Mutant("Load", "double lasts = learned.limits.queueLasts(waiting * each);", "double lasts = 0;"),
                new Mutant("Price", "podSeconds * keep + inUse * seen.seconds()", "podSeconds * keep + seen.seconds()"),
                new Mutant(
                        "Price",
                        "requests * keep + passed(seen.requests())",
                        "requests * keep + seen.requests().finished()"),
                new Mutant(
                        "StepTimes", "batch + prompt * Math.clamp(batch - 1, 0, 1) + TOKENS_OF_A_STEP * cacheUse", "1"),
                new Mutant("StepTimes", "(together + leaning * believed) / (varies + leaning)", "believed"),
                new Mutant(
                        "Limits",
                        "level.isTheLimit() && !cacheIsFull ? Math.max(batch, level.most()) : batch",
                        "batch"));
    }

    @TestFactory
    Stream<DynamicTest> dies() {
        return mutants()
                .map(mutant -> DynamicTest.dynamicTest(
                        mutant.file + ": " + mutant.to.strip(),
                        () -> assertThat(breaksALaw(mutant)).isTrue()));
    }

    private boolean breaksALaw(Mutant mutant) throws Exception {
        Path classes = Files.createTempDirectory(folder, "mutant");
        Path source = Files.writeString(classes.resolve(mutant.file + ".java"), mutant.source());
        int result = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        null,
                        "-proc:none",
                        "-nowarn",
                        "-parameters",
                        "-d",
                        classes.toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        source.toString());
        assertThat(result).as("compiles").isZero();
        try (URLClassLoader loader = new Anew(classes)) {
            return LAWS.stream().anyMatch(nested -> isBroken(loader, nested));
        }
    }

    private static boolean isBroken(ClassLoader loader, Class<?> nested) {
        try {
            Class<?> laws = loader.loadClass(nested.getName());
            Object outer =
                    constructed(loader.loadClass(nested.getEnclosingClass().getName()), null);
            for (Method law : laws.getDeclaredMethods()) {
                if (isBroken(law, laws, outer)) {
                    return true;
                }
            }
            return false;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Object constructed(Class<?> type, Object outer) throws ReflectiveOperationException {
        Constructor<?> constructor = type.getDeclaredConstructors()[0];
        constructor.setAccessible(true);
        return outer == null ? constructor.newInstance() : constructor.newInstance(outer);
    }

    private static boolean isBroken(Method law, Class<?> nested, Object outer) throws ReflectiveOperationException {
        boolean isTest = law.isAnnotationPresent(Test.class);
        boolean isFactory = law.isAnnotationPresent(TestFactory.class);
        if (!isTest && !isFactory) {
            return false;
        }
        law.setAccessible(true);
        try {
            Object made = law.invoke(constructed(nested, outer));
            if (isFactory) {
                for (DynamicTest one :
                        ((Stream<?>) made).map(DynamicTest.class::cast).toList()) {
                    one.getExecutable().execute();
                }
            }
            return false;
        } catch (InvocationTargetException e) {
            return e.getCause() instanceof AssertionError;
        } catch (AssertionError e) {
            return true;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** The mutant before the class that it was made of. */
    private static final class Anew extends URLClassLoader {
        Anew(Path first) throws IOException {
            super(urls(first), LoadMutantsTest.class.getClassLoader());
        }

        private static URL[] urls(Path first) throws IOException {
            List<URL> all = new java.util.ArrayList<>(List.of(first.toUri().toURL()));
            for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
                if (Files.isDirectory(Path.of(entry))) {
                    all.add(Path.of(entry).toUri().toURL());
                }
            }
            return all.toArray(URL[]::new);
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            synchronized (getClassLoadingLock(name)) {
                Class<?> there = findLoadedClass(name);
                if (there != null) {
                    return there;
                }
                return ANEW.stream().anyMatch(name::startsWith) ? findClass(name) : super.loadClass(name, resolve);
            }
        }
    }
}
