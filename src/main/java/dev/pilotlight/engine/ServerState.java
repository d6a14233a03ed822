package dev.pilotlight.engine;

import java.util.OptionalDouble;

/**
 * What the server does beside the requests in its batch and queue; each empty where the page does not say it.
 *
 * @param weightUpdates operations of a weight transfer under way ({@code vllm:rl_weight_update_operations_in_flight})
 * @param rejections counter of requests rejected on arrival ({@code vllm:admission_rejections_total})
 * @param webSockets realtime connections open ({@code vllm:websocket_connections_active})
 * @param pinnedRequests finished requests whose KV blocks another server still has to fetch ({@code vllm:num_kv_pinned_requests})
 * @param sleepOperations orders to sleep or to wake under way ({@code vllm:sleep_mode_operations_in_flight})
 */
public record ServerState(
        OptionalDouble weightUpdates,
        OptionalDouble rejections,
        OptionalDouble webSockets,
        OptionalDouble pinnedRequests,
        OptionalDouble sleepOperations) {
    public static final ServerState UNKNOWN = new ServerState(
            OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty());

    /** Of a server that does not know sleep. */
    public ServerState(
            OptionalDouble weightUpdates,
            OptionalDouble rejections,
            OptionalDouble webSockets,
            OptionalDouble pinnedRequests) {
        this(weightUpdates, rejections, webSockets, pinnedRequests, OptionalDouble.empty());
    }

    public boolean isUpdatingWeights() {
        return weightUpdates.orElse(0) > 0;
    }

    public boolean isFallingAsleepOrWaking() {
        return sleepOperations.orElse(0) > 0;
    }
}
