package dev.pilotlight.process;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Tests that start processes and wait for what they do: some run at a time, as many as pom.xml says. Whoever measures how soon something is
 * done is {@link org.junit.jupiter.api.parallel.Isolated} instead, and has the machine alone.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Execution(ExecutionMode.CONCURRENT)
public @interface WaitsMostly {}
