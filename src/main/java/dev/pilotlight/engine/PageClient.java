package dev.pilotlight.engine;

import dev.pilotlight.http.Cause;
import dev.pilotlight.http.Http;
import dev.pilotlight.http.Http.Answer;
import dev.pilotlight.prometheus.Limits;
import dev.pilotlight.prometheus.MetricPage;
import dev.pilotlight.prometheus.PageReading;
import dev.pilotlight.prometheus.PrometheusText;
import dev.pilotlight.prometheus.Wanted;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Asks for the metrics page by the cheapest way that this server honours, and finds that way out. Used by one thread. */
final class PageClient {
    /** The histograms cost the engine three times what the gauges cost, and move slowly. */
    private static final Duration HISTOGRAMS_EVERY = Duration.ofSeconds(5);

    private static final Wanted WANTED = Wanted.of(VllmMetrics.wanted());
    private static final String GAUGES = filtered(false);
    private static final String EVERYTHING = filtered(true);

    private final Http http;
    private final Duration timeout;
    private final Limits limits;
    /** By path. Each knows what its page held last, and reads what is the same again without garbage. */
    private final Map<String, PrometheusText> texts = new HashMap<>();
    /** Whose they are: a whole page may be large, and is not kept beside that of another route. */
    private Route textsOf = Route.UNTRIED;

    private Route route = Route.UNTRIED;
    /** When the histograms were last asked for of this process. */
    private Optional<Instant> histogramsAt = Optional.empty();

    PageClient(Http http, Duration timeout, Limits limits) {
        this.http = http;
        this.timeout = timeout;
        this.limits = limits;
    }

    /** Where the page comes from. */
    private enum Route {
        UNTRIED("untried"),
        /** {@code /metrics/?name[]=…} is honoured: 0.5 ms of the engine's time instead of 5 to 8. */
        FILTERED("filtered"),
        /** {@code /metrics}, the whole page. */
        WHOLE("whole"),
        /** {@code /metrics/}, the whole page: older versions redirect there. */
        WHOLE_SLASH("whole");

        final String word;

        Route(String word) {
            this.word = word;
        }
    }

    private static String filtered(boolean withHistograms) {
        return VllmMetrics.filter(withHistograms).stream()
                .map(name -> "name[]=" + URLEncoder.encode(name, StandardCharsets.UTF_8))
                .collect(Collectors.joining("&", "/metrics/?", ""));
    }

    /** Another process may honour another way. */
    void forget() {
        route = Route.UNTRIED;
        histogramsAt = Optional.empty();
    }

    /** What came of asking for the metrics page. */
    sealed interface Page {
        record Good(EngineSnapshot snapshot, String route) implements Page {}

        record Bad(String why) implements Page {}

        record Lost(Cause cause, String why) implements Page {}
    }

    Page read(Instant now) {
        return switch (route) {
            case UNTRIED -> findRoute();
            case FILTERED -> {
                boolean withHistograms = histogramsAt
                        .filter(at -> now.isBefore(at.plus(HISTOGRAMS_EVERY)))
                        .isEmpty();
                Page page = ask(withHistograms ? EVERYTHING : GAUGES, Route.FILTERED);
                if (withHistograms) {
                    histogramsAt = Optional.of(now);
                }
                if (page instanceof Page.Bad) {
                    // It was honoured before: find out again on the next poll.
                    route = Route.UNTRIED;
                }
                yield page;
            }
            case WHOLE -> ask("/metrics", Route.WHOLE);
            case WHOLE_SLASH -> ask("/metrics/", Route.WHOLE_SLASH);
        };
    }

    /**
     * Asks for the gauges alone. A server that honours that sends them without the histograms; one that does not sends everything,
     * an empty page (multi-process), a redirect or an error, and is asked for the whole page from then on.
     */
    private Page findRoute() {
        Page filtered = ask(GAUGES, Route.FILTERED);
        switch (filtered) {
            case Page.Good(EngineSnapshot snapshot, String _) -> {
                boolean honoured = snapshot.latencies().isEmpty();
                route = honoured ? Route.FILTERED : Route.WHOLE;
                return honoured ? filtered : new Page.Good(snapshot, Route.WHOLE.word);
            }
            case Page.Lost lost -> {
                return lost;
            }
            case Page.Bad _ -> {
                Page whole = ask("/metrics", Route.WHOLE);
                Route found = Route.WHOLE;
                if (whole instanceof Page.Bad) {
                    Page slash = ask("/metrics/", Route.WHOLE_SLASH);
                    if (slash instanceof Page.Good) {
                        whole = slash;
                        found = Route.WHOLE_SLASH;
                    }
                }
                if (whole instanceof Page.Good) {
                    route = found;
                }
                return whole;
            }
        }
    }

    private Page ask(String path, Route by) {
        PrometheusText text = text(path, by);
        text.begin();
        switch (http.get(path, timeout, text::feed)) {
            case Answer.Lost(Cause cause, String why) -> {
                // The wire may still hold on to the old one.
                texts.remove(path);
                return new Page.Lost(cause, why.replace(http.url(path), shown(path, by)));
            }
            case Answer.Got got
            when got.status() != 200 -> {
                return new Page.Bad(shown(path, by) + " "
                        + got.redirect()
                                .map(it -> it + "; set pilotlight.engine.url to the address of vLLM itself")
                                .orElse("answered " + got.status() + " where a metrics page was expected"));
            }
            case Answer.Got got
            when got.encoded().isPresent() -> {
                return new Page.Bad(shown(path, by) + " " + got.encoded().get());
            }
            case Answer.Got got -> {
                return switch (text.end()) {
                    case PageReading.Refused(String why) -> new Page.Bad(shown(path, by) + ": " + why);
                    case PageReading.Read(MetricPage page) -> meaning(page, got.contentType(), path, by);
                };
            }
        }
    }

    private PrometheusText text(String path, Route by) {
        if (by != textsOf) {
            texts.clear();
            textsOf = by;
        }
        return texts.computeIfAbsent(path, _ -> new PrometheusText(WANTED, limits));
    }

    /** For people. */
    private String shown(String path, Route by) {
        return http.url(by == Route.FILTERED ? "/metrics/?name[]=…" : path);
    }

    /** By its content: proxies call a metrics page whatever they like, and a portal's page holds no sample. */
    private Page meaning(MetricPage page, String type, String path, Route by) {
        return switch (VllmPage.read(page)) {
            case VllmPage.Found(EngineSnapshot snapshot) -> new Page.Good(snapshot, by.word);
            case VllmPage.Impossible(String why) ->
                new Page.Bad("the metrics page at " + shown(path, by) + " is not believed: " + why);
            case VllmPage.Missing _
            when type.equals("text/html") ->
                new Page.Bad(shown(path, by) + " answered with a web page where a metrics page was expected; is"
                        + " pilotlight.engine.url that of vLLM itself?");
            case VllmPage.Missing(List<String> tried) ->
                new Page.Bad(
                        "the metrics page at " + shown(path, by) + " (" + page.bytes() + " bytes) has none of " + tried
                                + (page.malformedLines() > 0 ? ", and " + page.malformedLines() + " garbled lines" : "")
                                + "; is it a vLLM server, and is --disable-log-stats off?");
        };
    }
}
