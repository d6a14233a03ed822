package dev.pilotlight.gpu.nvml;

import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the native image must be told of NVML's functions. */
class NvmlMetadataTest {
    private static final String FOLDER = "/META-INF/native-image/dev.pilotlight/pilotlight/";

    @Test
    void everyShapeOfDowncallIsRegisteredAndNoOther() throws IOException {
        Set<String> registered = new TreeSet<>();
        for (JsonNode downcall : json().path("foreign").path("downcalls")) {
            registered.add(downcall.path("returnType").asText() + " "
                    + downcall.path("parameterTypes")
                            .valueStream()
                            .map(JsonNode::asText)
                            .toList());
        }

        assertThat(registered)
                .isEqualTo(
                        Downcalls.shapes().stream().map(NvmlMetadataTest::spelt).collect(toCollection(TreeSet::new)));
    }

    @Test
    void everyFunctionIsBoundUnderItsOwnName() throws IOException {
        String source = java.nio.file.Files.readString(
                java.nio.file.Path.of("src/main/java/dev/pilotlight/gpu/nvml/Nvml.java"));
        List<String> functions = Arrays.stream(Nvml.class.getDeclaredMethods())
                .map(Method::getName)
                .filter(name -> name.startsWith("nvml"))
                .toList();

        assertThat(functions).hasSize(28).allSatisfy(name -> {
            assertThat(source).contains(name + " = find(symbols, \"" + name + "\")");
            assertThat(source.split("\\(" + name + "[,)]", -1)).hasSize(2);
        });
    }

    @Test
    void theHandlesAreMadeAtRunTime() throws IOException {
        try (InputStream in = NvmlMetadataTest.class.getResourceAsStream(FOLDER + "native-image.properties")) {
            assertThat(new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8))
                    .contains("--initialize-at-run-time=" + Downcalls.class.getName());
        }
    }

    private static JsonNode json() throws IOException {
        try (InputStream in = NvmlMetadataTest.class.getResourceAsStream(FOLDER + "reachability-metadata.json")) {
            return new ObjectMapper().readTree(in);
        }
    }

    private static String spelt(FunctionDescriptor shape) {
        return shape.returnLayout().map(NvmlMetadataTest::spelt).orElse("void") + " "
                + shape.argumentLayouts().stream().map(NvmlMetadataTest::spelt).collect(Collectors.toList());
    }

    private static String spelt(MemoryLayout layout) {
        return switch (layout) {
            case AddressLayout _ -> "void*";
            case ValueLayout.OfInt _ -> "int";
            case ValueLayout.OfLong _ -> "long long";
            default -> throw new AssertionError("no canonical name for " + layout);
        };
    }
}
