package dev.pilotlight.simulator;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What vLLM's HTTP middleware counts: requests by handler, method and status, their sizes and their duration. */
final class HttpTally {
    private record Row(String handler, String method, String status) {}

    private record Size(long count, long bytes) {
        Size plus(Size other) {
            return new Size(count + other.count, bytes + other.bytes);
        }
    }

    private final Map<Row, Long> requests = new LinkedHashMap<>();
    private final Map<String, Size> received = new LinkedHashMap<>();
    private final Map<String, Size> sent = new LinkedHashMap<>();
    private final Map<Row, Histogram> durations = new LinkedHashMap<>();
    private final Histogram fine = new Histogram(Buckets.HTTP_FINE);

    synchronized void count(String handler, String method, int status, long received, long sent, double seconds) {
        requests.merge(new Row(handler, method, status / 100 + "xx"), 1L, Long::sum);
        this.received.merge(handler, new Size(1, received), Size::plus);
        this.sent.merge(handler, new Size(1, sent), Size::plus);
        durations
                .computeIfAbsent(new Row(handler, method, ""), _ -> new Histogram(Buckets.HTTP_COARSE))
                .observe(seconds);
        fine.observe(seconds);
    }

    List<Family> families() {
        String sizes = "Content length of %s by handler. Only value of header is respected. Otherwise ignored. "
                + "No percentile calculated. ";
        return List.of(
                Family.counter(
                        "http_requests_total",
                        "Total number of requests by method, status and handler.",
                        this::requests),
                Family.summary(
                        "http_request_size_bytes",
                        sizes.formatted("incoming requests"),
                        series -> sizes(series, received)),
                Family.summary(
                        "http_response_size_bytes",
                        sizes.formatted("outgoing responses"),
                        series -> sizes(series, sent)),
                Family.histogram(
                        "http_request_duration_highr_seconds",
                        "Latency with many buckets but no API specific labels. "
                                + "Made for more accurate percentile calculations. ",
                        this::fine),
                Family.histogram(
                        "http_request_duration_seconds",
                        "Latency with only few buckets by handler. "
                                + "Made to be only used if aggregation by handler is important. ",
                        this::durations));
    }

    private synchronized void requests(PageWriter.Series series) {
        requests.forEach((row, count) -> series.value(
                "handler=\"%s\",method=\"%s\",status=\"%s\"".formatted(row.handler, row.method, row.status), count));
    }

    private synchronized void sizes(PageWriter.Series series, Map<String, Size> sizes) {
        sizes.forEach((handler, size) -> series.summary("handler=\"" + handler + '"', size.count, size.bytes));
    }

    private synchronized void fine(PageWriter.Series series) {
        series.histogram("", "", fine);
    }

    private synchronized void durations(PageWriter.Series series) {
        durations.forEach((row, histogram) ->
                series.histogram("handler=\"" + row.handler + '"', "method=\"" + row.method + '"', histogram));
    }
}
