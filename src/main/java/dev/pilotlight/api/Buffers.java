package dev.pilotlight.api;

import io.quarkus.vertx.http.HttpServerOptionsCustomizer;
import io.vertx.core.http.HttpServerOptions;
import jakarta.inject.Singleton;

/**
 * Bounds what the kernel keeps of one connection: it belongs to the container's memory, too, and grows to megabytes by itself where the other
 * side does not read.
 */
@Singleton
final class Buffers implements HttpServerOptionsCustomizer {
    private static final int SEND_BYTES = 64 << 10;

    /**
     * Of this size is also each direct buffer that a connection is read into, and it is held for as long as a line is only half there: with
     * 64 KiB of them a thousand half-written requests took all direct memory, and no probe was answered any more.
     */
    private static final int RECEIVE_BYTES = 2 << 10;

    @Override
    public void customizeHttpServer(HttpServerOptions options) {
        options.setSendBufferSize(SEND_BYTES).setReceiveBufferSize(RECEIVE_BYTES);
    }

    @Override
    public void customizeHttpsServer(HttpServerOptions options) {
        options.setSendBufferSize(SEND_BYTES).setReceiveBufferSize(RECEIVE_BYTES);
    }
}
