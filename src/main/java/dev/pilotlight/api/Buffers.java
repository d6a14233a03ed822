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
    private static final int BYTES = 64 << 10;

    @Override
    public void customizeHttpServer(HttpServerOptions options) {
        options.setSendBufferSize(BYTES).setReceiveBufferSize(BYTES);
    }

    @Override
    public void customizeHttpsServer(HttpServerOptions options) {
        options.setSendBufferSize(BYTES).setReceiveBufferSize(BYTES);
    }
}
