package dev.pilotlight.engine;

import dev.pilotlight.http.Http;
import java.util.Optional;

/**
 * Where one request to the engine goes.
 *
 * @param rank of the server, to be picked by a header; empty where it has but one
 * @param model that this server lists, where it may have another than the first
 * @param onUnknownModel to be told when it says that the model of a request does not exist
 */
public record EngineTarget(Http http, Optional<String> rank, Optional<Model> model, Runnable onUnknownModel) {}
