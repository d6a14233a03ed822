package dev.pilotlight.cluster;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** One pod's way to the API server, which can be cut: a relay of TCP connections. */
final class Wire implements AutoCloseable {
    private final InetSocketAddress server;
    private final ServerSocket entrance;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile boolean cut;

    Wire(InetSocketAddress server) {
        this.server = server;
        try {
            entrance = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return entrance.getLocalPort();
    }

    /** Every connection breaks, and new ones do too, until {@link #fix}. */
    void cut() {
        cut = true;
        open.forEach(Wire::close);
    }

    void fix() {
        cut = false;
    }

    private void accept() {
        while (!entrance.isClosed()) {
            try {
                Socket here = entrance.accept();
                if (cut) {
                    close(here);
                } else {
                    connect(here);
                }
            } catch (IOException _) {
                // closed, or the server does not answer: the caller sees its connection end
            }
        }
    }

    private void connect(Socket here) throws IOException {
        Socket there = new Socket();
        try {
            there.connect(server, 2_000);
        } catch (IOException refused) {
            close(here);
            throw refused;
        }
        here.setTcpNoDelay(true);
        there.setTcpNoDelay(true);
        open.add(here);
        open.add(there);
        Thread.ofVirtual().start(() -> pump(here, there));
        Thread.ofVirtual().start(() -> pump(there, here));
        if (cut) {
            cut();
        }
    }

    private void pump(Socket from, Socket to) {
        try (from;
                to;
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            in.transferTo(out);
        } catch (IOException _) {
            // one end has gone: so does the other
        } finally {
            open.remove(from);
            open.remove(to);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException _) {
            // as good as closed
        }
    }

    @Override
    public void close() {
        cut();
        try {
            entrance.close();
        } catch (IOException _) {
            // as good as closed
        }
    }
}
