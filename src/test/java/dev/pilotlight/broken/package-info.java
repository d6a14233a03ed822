/** Classes that each break one rule of ArchitectureTest, so that the rules are seen to be able to fail. */
package dev.pilotlight.broken;
