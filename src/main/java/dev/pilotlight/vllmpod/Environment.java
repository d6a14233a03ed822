package dev.pilotlight.vllmpod;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A container's variables, as far as the spec says them.
 *
 * @param open whether there are more of them in a ConfigMap or a Secret, of unknown names
 */
public record Environment(Map<String, Variable> variables, boolean open) {
    static final Environment NONE = new Environment(Map.of(), false);

    /** Stands for a value that the pod's spec does not hold; no port, no address, and no secret either. */
    static final String UNKNOWN = "?";

    /** A value of another kind than a text in the spec. */
    public record SecretKey(String secret, String key) {}

    /**
     * @param value the text; {@link #UNKNOWN} where it comes from elsewhere
     * @param secret where it comes from, if that is a Secret
     */
    public record Variable(String value, Optional<SecretKey> secret) {}

    public Environment {
        variables = Map.copyOf(variables);
    }

    static Environment of(JsonObject container) {
        Map<String, Variable> variables = new LinkedHashMap<>();
        if (container.getValue("env") instanceof JsonArray env) {
            for (Object entry : env) {
                if (entry instanceof JsonObject variable) {
                    variables.put(ContainerSpec.text(variable, "name"), variable(variable, variables));
                }
            }
        }
        boolean open = container.getValue("envFrom") instanceof JsonArray from && !from.isEmpty();
        return new Environment(variables, open);
    }

    private static Variable variable(JsonObject variable, Map<String, Variable> earlier) {
        if (!(variable.getValue("valueFrom") instanceof JsonObject from)) {
            String value = new Environment(earlier, false).expanded(ContainerSpec.text(variable, "value"));
            return new Variable(value, Optional.empty());
        }
        Optional<SecretKey> secret = from.getValue("secretKeyRef") instanceof JsonObject reference
                ? Optional.of(
                        new SecretKey(ContainerSpec.text(reference, "name"), ContainerSpec.text(reference, "key")))
                : Optional.empty();
        return new Variable(UNKNOWN, secret);
    }

    Optional<Variable> variable(String name) {
        return Optional.ofNullable(variables.get(name));
    }

    /**
     * As the kubelet puts variables into command, arguments and later variables: {@code $(NAME)}, where it is known; {@code $$} is a
     * dollar.
     */
    String expanded(String text) {
        StringBuilder out = new StringBuilder(text.length());
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i);
            char next = i + 1 < text.length() ? text.charAt(i + 1) : 0;
            if (c == '$' && next == '$') {
                out.append('$');
                i += 2;
                continue;
            }
            int end = c == '$' && next == '(' ? text.indexOf(')', i) : -1;
            Optional<Variable> known = end < 0 ? Optional.empty() : variable(text.substring(i + 2, end));
            if (known.isPresent()) {
                out.append(known.get().value());
                i = end + 1;
            } else {
                out.append(c);
                i++;
            }
        }
        return out.toString();
    }

    /** The names of the variables whose text a program of that name would take: {@code VLLM_ARGS}. */
    List<String> values(List<String> names) {
        List<String> values = new ArrayList<>();
        names.forEach(name -> variable(name).map(Variable::value).ifPresent(values::add));
        return values;
    }
}
