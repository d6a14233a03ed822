package dev.pilotlight.mutation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.engine.JupiterTestEngine;
import org.junit.platform.engine.CancellationToken;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherConstants;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherExecutionRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * One change of one source: compiled into a folder that stands before the real classes, and held against tests that see it there.
 *
 * @param file below {@code src/main/java/dev/pilotlight}, without its ending
 * @param from stands exactly once in it
 */
public record Mutant(String file, String from, String to) {
    private static final Path SOURCES = Path.of("src/main/java/dev/pilotlight");
    /** Loaded again for each mutant, so that the tests see it and not the real one. */
    private static final String OURS = "dev.pilotlight.";

    @Override
    public String toString() {
        return file + ": " + to.strip();
    }

    /** @param tests classes of tests, by name */
    public void diesBy(List<String> tests, Path folder) throws IOException, ClassNotFoundException {
        Outcome outcome = run(tests, folder);
        assertThat(outcome.ran).as("tests of " + tests).isPositive();
        assertThat(outcome.hasFailed)
                .as("%s: with '%s' in the place of '%s' all of %s are green", file, to, from, tests)
                .isTrue();
    }

    private Outcome run(List<String> tests, Path folder) throws IOException, ClassNotFoundException {
        Path classes = compiled(folder);
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        Outcome outcome = new Outcome();
        try (URLClassLoader loader = new MutantFirst(classes)) {
            thread.setContextClassLoader(loader);
            for (String test : tests) {
                run(loader.loadClass(OURS + test), outcome);
            }
        } finally {
            thread.setContextClassLoader(before);
        }
        return outcome;
    }

    /** Nothing of Quarkus' own: its interceptors load the classes once more, without the mutant. */
    private static void run(Class<?> test, Outcome outcome) {
        LauncherConfig plain = LauncherConfig.builder()
                .enableTestEngineAutoRegistration(false)
                .enableLauncherSessionListenerAutoRegistration(false)
                .enableLauncherDiscoveryListenerAutoRegistration(false)
                .enableTestExecutionListenerAutoRegistration(false)
                .enablePostDiscoveryFilterAutoRegistration(false)
                .addTestEngines(new JupiterTestEngine())
                .build();
        LauncherFactory.create(plain)
                .execute(LauncherExecutionRequestBuilder.request(LauncherDiscoveryRequestBuilder.request()
                                .selectors(DiscoverySelectors.selectClass(test))
                                .configurationParameter(LauncherConstants.ENABLE_LAUNCHER_INTERCEPTORS, "false")
                                .build())
                        .listeners(outcome)
                        .cancellationToken(outcome.enough)
                        .build());
    }

    private Path compiled(Path folder) throws IOException {
        Path classes = Files.createTempDirectory(folder, "mutant");
        Path source = Files.writeString(classes.resolve(Path.of(file).getFileName() + ".java"), source());
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
        return classes;
    }

    private String source() {
        try {
            String text = Files.readString(SOURCES.resolve(file + ".java"));
            assertThat(text.split(Pattern.quote(from), -1))
                    .as("'%s' stands once in %s", from, file)
                    .hasSize(2);
            return text.replace(from, to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The first failure is enough. */
    private static final class Outcome implements TestExecutionListener {
        private final CancellationToken enough = CancellationToken.create();
        private int ran;
        private boolean hasFailed;

        @Override
        public void executionFinished(TestIdentifier identifier, TestExecutionResult result) {
            ran += identifier.isTest() ? 1 : 0;
            if (result.getStatus() == TestExecutionResult.Status.FAILED) {
                hasFailed = true;
                enough.cancel();
            }
        }
    }

    private static final class MutantFirst extends URLClassLoader {
        MutantFirst(Path mutant) {
            super(urls(mutant), Mutant.class.getClassLoader());
        }

        private static URL[] urls(Path mutant) {
            Stream<Path> folders = Stream.of(
                            System.getProperty("java.class.path").split(File.pathSeparator))
                    .map(Path::of)
                    .filter(Files::isDirectory);
            return Stream.concat(Stream.of(mutant), folders)
                    .map(MutantFirst::url)
                    .toArray(URL[]::new);
        }

        private static URL url(Path folder) {
            try {
                return folder.toUri().toURL();
            } catch (MalformedURLException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            synchronized (getClassLoadingLock(name)) {
                Class<?> there = findLoadedClass(name);
                if (there != null) {
                    return there;
                }
                return name.startsWith(OURS) ? findClass(name) : super.loadClass(name, resolve);
            }
        }
    }
}
