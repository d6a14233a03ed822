package dev.pilotlight.inject;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pilotlight.process.Child;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How long an API server waits for the webhook: the packaged sidecar as webhook, asked over TLS and kept connections of HTTP/1.1, as API
 * servers do, about the corpus' pods in turn, so many times a second. A request counts from the moment that it was due, not from when it got away: a webhook
 * that stands still delays all that would have come meanwhile.
 *
 * <p>{@code WebhookLatency [reviews a second] [seconds]}
 */
public final class WebhookLatency {
    /** A JVM compiles what it runs often; the native binary needs none of it. */
    private static final int WARM_UP_SECONDS = 10;

    /** As an API server has: --max-mutating-requests-inflight. */
    private static final int AT_ONCE = 200;

    private WebhookLatency() {}

    public static void main(String... args) {
        int rate = args.length > 0 ? Integer.parseInt(args[0]) : 200;
        int seconds = args.length > 1 ? Integer.parseInt(args[1]) : 60;
        try (Injector injector = Injector.start("latency")) {
            List<HttpRequest> reviews = Corpus.all().stream()
                    .map(it -> injector.request(Corpus.review(it.pod()).encode().getBytes(UTF_8)))
                    .toList();
            HttpClient client = injector.client(HttpClient.Version.HTTP_1_1);
            // An API server has a connection; a client without one opens one for each request that comes before the
            // first stands.
            asked(client, reviews, 1, 1);
            report("first " + WARM_UP_SECONDS + " s", asked(client, reviews, rate, WARM_UP_SECONDS));
            Duration before = cpu(injector.child());
            report("next " + seconds + " s", asked(client, reviews, rate, seconds));
            double perReview = cpu(injector.child()).minus(before).toNanos() / 1e6 / (rate * seconds);
            System.out.printf("%.2f ms of CPU a review%n", perReview);
        }
    }

    /** How long each took, in nanoseconds. */
    private static long[] asked(HttpClient client, List<HttpRequest> reviews, int rate, int seconds) {
        int count = rate * seconds;
        long start = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(100);
        List<CompletableFuture<Long>> answers = new ArrayList<>(count);
        Semaphore free = new Semaphore(AT_ONCE);
        for (int i = 0; i < count; i++) {
            long due = start + i * TimeUnit.SECONDS.toNanos(1) / rate;
            for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            free.acquireUninterruptibly();
            answers.add(client.sendAsync(reviews.get(i % reviews.size()), HttpResponse.BodyHandlers.ofString())
                    .whenComplete((_, _) -> free.release())
                    .thenApply(answer -> {
                        if (answer.statusCode() != 200) {
                            throw new IllegalStateException(answer.statusCode() + ": " + answer.body());
                        }
                        return System.nanoTime() - due;
                    }));
        }
        return answers.stream().mapToLong(CompletableFuture::join).toArray();
    }

    private static void report(String part, long[] nanos) {
        Arrays.sort(nanos);
        System.out.printf(
                "%s: %d reviews, median %.2f ms, p90 %.2f, p99 %.2f, p99.9 %.2f, max %.2f%n",
                part,
                nanos.length,
                at(nanos, 0.5),
                at(nanos, 0.9),
                at(nanos, 0.99),
                at(nanos, 0.999),
                nanos[nanos.length - 1] / 1e6);
    }

    private static double at(long[] sorted, double quantile) {
        return sorted[(int) Math.ceil(quantile * sorted.length) - 1] / 1e6;
    }

    private static Duration cpu(Child child) {
        return child.process().toHandle().info().totalCpuDuration().orElse(Duration.ZERO);
    }
}
