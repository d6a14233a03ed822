package dev.pilotlight.api;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.Handler;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.core.net.impl.VertxHandler;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Lets a connection have one request under way: the next is not read before the answer to the last has left. A client may send its requests
 * one after the other without waiting, and read nothing; without this it had all of their answers in our memory. Nothing that we know of
 * sends more than one ahead, so a connection with many of them is closed.
 */
public final class OneAtATime implements Handler<RoutingContext> {
    private static final String NAME = "one-at-a-time";
    private static final int MOST_AHEAD = 8;
    private static final int MOST_PARTS_AHEAD = 64;

    @Override
    public void handle(RoutingContext context) {
        if (context.request().connection() instanceof ConnectionBase connection) {
            ChannelPipeline pipeline = connection.channel().pipeline();
            ChannelHandlerContext server = pipeline.get(NAME) == null ? pipeline.context(VertxHandler.class) : null;
            if (server != null && !context.request().version().name().equals("HTTP_2")) {
                pipeline.addBefore(server.name(), NAME, new Turnstile());
            }
        }
        context.next();
    }

    /** Of one connection; added while its first request is under way. */
    private static final class Turnstile extends ChannelDuplexHandler {
        /** Parts of requests that came ahead of their turn. */
        private final Queue<Object> ahead = new ArrayDeque<>();

        private int requestsAhead;
        private boolean busy = true;
        private boolean closed;
        private boolean readWanted;

        @Override
        public void channelRead(ChannelHandlerContext context, Object part) {
            if (closed) {
                ReferenceCountUtil.release(part);
            } else if (ahead.isEmpty() && !(busy && part instanceof HttpRequest)) {
                pass(context, part);
            } else {
                ahead.add(part);
                requestsAhead += part instanceof HttpRequest ? 1 : 0;
                if (requestsAhead > MOST_AHEAD || ahead.size() > MOST_PARTS_AHEAD) {
                    drop();
                    context.close();
                }
            }
        }

        private void pass(ChannelHandlerContext context, Object part) {
            busy |= part instanceof HttpRequest;
            context.fireChannelRead(part);
        }

        /** Nothing more is read while something waits for its turn. */
        @Override
        public void read(ChannelHandlerContext context) {
            if (ahead.isEmpty()) {
                context.read();
            } else {
                readWanted = true;
            }
        }

        @Override
        public void write(ChannelHandlerContext context, Object part, ChannelPromise promise) {
            if (!(part instanceof LastHttpContent) || isInterim(part)) {
                context.write(part, promise);
                return;
            }
            ChannelPromise left = promise.unvoid();
            // Not at once: the server is still in the midst of ending this one.
            left.addListener(_ -> context.executor().execute(() -> next(context)));
            context.write(part, left);
        }

        /** 100 Continue is no answer yet. */
        private static boolean isInterim(Object part) {
            return part instanceof HttpResponse response
                    && response.status().codeClass() == HttpStatusClass.INFORMATIONAL
                    && response.status().code() != 101;
        }

        /** The answer has left: the next request's turn, up to its end. */
        private void next(ChannelHandlerContext context) {
            busy = false;
            boolean any = !ahead.isEmpty();
            while (!ahead.isEmpty() && !(busy && ahead.peek() instanceof HttpRequest)) {
                Object part = ahead.poll();
                requestsAhead -= part instanceof HttpRequest ? 1 : 0;
                pass(context, part);
            }
            if (any) {
                context.fireChannelReadComplete();
            }
            if (readWanted && ahead.isEmpty() && !closed) {
                readWanted = false;
                context.read();
            }
        }

        private void drop() {
            closed = true;
            ahead.forEach(ReferenceCountUtil::release);
            ahead.clear();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            drop();
            context.fireChannelInactive();
        }

        @Override
        public void handlerRemoved(ChannelHandlerContext context) {
            drop();
        }
    }
}
