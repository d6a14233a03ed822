package dev.pilotlight.engine;

import java.util.OptionalDouble;

/**
 * What the server does beside the requests in its batch and queue; each empty where the page does not say it.
 *
 * @param weightUpdates operations of a weight transfer under way ({@code vllm:rl_weight_update_operations_in_flight})
 * @param rejections counter of requests rejected on arrival ({@code vllm:admission_rejections_total})
 * @param webSockets realtime connections open ({@code vllm:websocket_connections_active})
 * @param pinnedRequests finished requests whose KV blocks another server still has to fetch ({@code vllm:num_kv_pinned_requests})
 */
public record ServerState(
        OptionalDouble weightUpdates,
        OptionalDouble rejections,
        OptionalDouble webSockets,
        OptionalDouble pinnedRequests) {
    public static final ServerState UNKNOWN = new ServerState(
            OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty());

    public boolean isUpdatingWeights() {
        return weightUpdates.orElse(0) > 0;
    }
}
