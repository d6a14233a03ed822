package dev.pilotlight.simulator;

import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A body of {@code /v1/completions}, {@code /v1/chat/completions} or {@code /v1/embeddings}, as far as a simulated model cares.
 *
 * @param request what the engine is to do
 * @param usage whether a stream ends with a chunk that tells the tokens used
 */
record Completion(Request request, boolean stream, boolean usage) {
    private static final int CHARACTERS_PER_TOKEN = 4;
    private static final int PREFIX_CHARACTERS = 2048;

    /** A body that vLLM turns away: with which status, as what, and why. */
    static final class Rejected extends Exception {
        private static final long serialVersionUID = 1;
        private final int status;
        private final String type;
        private final String param;

        Rejected(int status, String type, String param, String message) {
            super(message);
            this.status = status;
            this.type = type;
            this.param = param;
        }

        int status() {
            return status;
        }

        String json() {
            return "{\"error\":{\"message\":%s,\"type\":\"%s\",\"param\":%s,\"code\":%d}}"
                    .formatted(Json.quote(getMessage()), type, param == null ? "null" : Json.quote(param), status);
        }
    }

    /** The paths that take a completion, with the field that holds the prompt. */
    enum Kind {
        COMPLETION("prompt"),
        CHAT("messages"),
        EMBEDDING("input");

        private final String field;

        Kind(String field) {
            this.field = field;
        }
    }

    static Completion read(Kind kind, String body, EngineOptions options, Random random) throws Rejected {
        Map<String, Object> fields;
        try {
            fields = Json.object(Json.read(body));
        } catch (Json.Broken e) {
            throw invalid("[{'type': 'json_invalid', 'loc': ('body', 0), 'msg': 'JSON decode error', 'ctx': {'error': '"
                    + e.getMessage() + "'}}]");
        }
        if (fields.get("model") instanceof String model && !model.equals(options.model())) {
            throw new Rejected(404, "NotFoundError", "model", "The model `" + model + "` does not exist.");
        }
        Object prompt = fields.get(kind.field);
        if (prompt == null) {
            throw invalid(
                    "[{'type': 'missing', 'loc': ('body', '%s'), 'msg': 'Field required'}]".formatted(kind.field));
        }
        if (number(fields, "priority", 0) != 0) {
            throw bad(
                    "priority", "Got priority " + fields.get("priority") + " but Priority scheduling is not enabled.");
        }
        StringBuilder text = new StringBuilder();
        int tokens = Math.max(1, tokens(prompt, text));
        int longest = options.profile().maxModelLen();
        if (tokens >= longest) {
            throw bad(
                    "input_tokens",
                    ("This model's maximum context length is %d tokens. However, your request has %d input tokens. "
                                    + "Please reduce the length of the input messages.")
                            .formatted(longest, tokens));
        }
        Request request = kind == Kind.EMBEDDING
                ? new Request(tokens, 0, 0, 0, 0)
                : generating(kind, fields, tokens, longest - tokens, random);
        if (options.profile().prefixCaching() && !text.isEmpty()) {
            String start = text.substring(0, Math.min(text.length(), PREFIX_CHARACTERS));
            request = request.withPrefix(start.hashCode(), Math.min(tokens, start.length() / CHARACTERS_PER_TOKEN));
        }
        boolean usage = Json.object(fields.get("stream_options")).get("include_usage") == Boolean.TRUE;
        return new Completion(request, fields.get("stream") == Boolean.TRUE, usage);
    }

    private static Request generating(Kind kind, Map<String, Object> fields, int tokens, int room, Random random)
            throws Rejected {
        int limit = number(fields, "max_completion_tokens", number(fields, "max_tokens", kind == Kind.CHAT ? 0 : 16));
        if (limit == 0 && fields.get("max_tokens") == null) {
            double natural =
                    150 * Math.exp(0.6 * random.nextGaussian()); // a chat without a limit ends when the model likes
            return new Request(tokens, Math.clamp((int) natural, 1, room), room, 0, 0);
        }
        if (limit < 1) {
            throw bad("max_tokens", "max_tokens must be at least 1, got " + limit + ".");
        }
        if (limit > room) {
            throw bad(
                    "max_tokens",
                    ("'max_tokens' or 'max_completion_tokens' is too large: %d. This model's maximum context length is "
                                    + "%d tokens and your request has %d input tokens.")
                            .formatted(limit, tokens + room, tokens));
        }
        return new Request(tokens, limit, limit, 0, 0);
    }

    /** About four characters make a token; a list of numbers is tokens already. */
    private static int tokens(Object prompt, StringBuilder text) {
        return switch (prompt) {
            case String string -> {
                text.append(string);
                yield (string.length() + CHARACTERS_PER_TOKEN - 1) / CHARACTERS_PER_TOKEN;
            }
            case List<?> list ->
                list.stream().mapToInt(item -> tokens(item, text)).sum();
            case Map<?, ?> message ->
                4 + tokens(String.valueOf(message.get("content")), text); // a chat template adds some
            case Number _ -> 1;
            default -> 0;
        };
    }

    private static int number(Map<String, Object> fields, String name, int otherwise) {
        return fields.get(name) instanceof Double number ? number.intValue() : otherwise;
    }

    private static Rejected invalid(String message) {
        return new Rejected(400, "Bad Request", null, message);
    }

    private static Rejected bad(String param, String message) {
        return new Rejected(400, "BadRequestError", param, message);
    }
}
