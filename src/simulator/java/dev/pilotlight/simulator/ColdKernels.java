package dev.pilotlight.simulator;

import java.util.List;

/**
 * What the first requests after a start pay for kernels that are not compiled yet: each class of prompt lengths pays by itself.
 *
 * @param extraSeconds what the first, second, ... prefill of a class costs on top; nothing once the list is used up
 * @param classBounds the longest prompt, in tokens, of each class but the last
 */
public record ColdKernels(List<Double> extraSeconds, List<Integer> classBounds) {
    private static final List<Integer> CLASSES = List.of(64, 512, 4096);
    public static final ColdKernels NONE = new ColdKernels(List.of(), CLASSES);

    public ColdKernels {
        extraSeconds = List.copyOf(extraSeconds);
        classBounds = List.copyOf(classBounds);
        if (extraSeconds.stream().anyMatch(seconds -> !(seconds >= 0))) {
            throw new IllegalArgumentException("cold kernels cost " + extraSeconds + " s: none may be below 0");
        }
    }

    public static ColdKernels of(double... extraSeconds) {
        return new ColdKernels(java.util.Arrays.stream(extraSeconds).boxed().toList(), CLASSES);
    }

    int classes() {
        return classBounds.size() + 1;
    }

    int classOf(int promptTokens) {
        int index = 0;
        while (index < classBounds.size() && promptTokens > classBounds.get(index)) {
            index++;
        }
        return index;
    }

    double extraSeconds(int alreadySeen) {
        return alreadySeen < extraSeconds.size() ? extraSeconds.get(alreadySeen) : 0;
    }
}
