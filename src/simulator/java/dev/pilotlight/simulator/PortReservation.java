package dev.pilotlight.simulator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;

/**
 * Keeps a port for us while nothing listens on it: connections are refused, yet no other process is given it.
 *
 * <p>A socket that is bound but neither listens nor connects does both; with SO_REUSEADDR a server can be bound beside it.
 */
final class PortReservation implements AutoCloseable {
    private final SocketChannel channel;
    private final InetSocketAddress address;

    PortReservation(String host, int port) throws IOException {
        channel = SocketChannel.open();
        try {
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            channel.bind(new InetSocketAddress(host, port));
            address = (InetSocketAddress) channel.getLocalAddress();
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    InetSocketAddress address() {
        return address;
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
