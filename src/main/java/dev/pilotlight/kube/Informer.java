package dev.pilotlight.kube;

import dev.pilotlight.guard.Guard;
import dev.pilotlight.kube.ApiServer.Answer;
import dev.pilotlight.kube.ApiServer.Events;
import dev.pilotlight.kube.ApiServer.Next;
import dev.pilotlight.kube.Cached.Item;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * Keeps up with some objects of the API server: reads them once, then watches; reads them again when the watch has expired, and when
 * it went silent. A thread of its own; the newest state is there for everybody, however long the server is away.
 */
public final class Informer<T> implements AutoCloseable {
    /** How long the server is asked to keep a watch: as long as client-go's shortest. Each then is opened again where it ended. */
    private static final int WATCH_SECONDS = 300;
    /** Bookmarks come about once a minute: two of them missed is a watch that nobody serves any more. */
    private static final Duration SILENT = Duration.ofSeconds(130);
    /** Of a list: 100,000 objects. */
    private static final int MOST_PAGES = 1_000;
    /** Rights may be given later: asked again, but seldom. */
    private static final Duration DENIED = Duration.ofMinutes(1);

    private final ApiServer api;
    private final Selection selection;
    private final Function<JsonObject, T> read;
    private final Supplier<Instant> clock;
    private final RandomGenerator chance;
    private final Runnable onNews;
    private final AtomicReference<Cached<T>> state = new AtomicReference<>(Cached.begin());
    private final Thread thread;
    private volatile boolean closed;
    private volatile Optional<Events> open = Optional.empty();
    private Retries retries = Retries.NONE;
    /** Watches in a row that ended at once. */
    private int cut;

    public Informer(
            ApiServer api,
            Selection selection,
            Function<JsonObject, T> read,
            Supplier<Instant> clock,
            RandomGenerator chance,
            Runnable onNews) {
        this.api = api;
        this.selection = selection;
        this.read = read;
        this.clock = clock;
        this.chance = chance;
        this.onNews = onNews;
        this.thread = Thread.ofVirtual()
                .name("informer " + selection.path())
                .unstarted(Guard.guarded("informer " + selection.path(), () -> closed, this::run));
    }

    public Informer<T> start() {
        thread.start();
        return this;
    }

    public Cached<T> newest() {
        return state.get();
    }

    /** Takes in the answer of a write: it may come before the watch tells. */
    public void offer(JsonObject object) {
        try {
            put(all -> isSelected(object) ? all.with(object, read) : all);
        } catch (RuntimeException unexpected) {
            // Of another type than it should be: the watch will tell.
        }
    }

    private void put(UnaryOperator<Cached<T>> change) {
        Cached<T> before = state.get();
        Cached<T> after = state.updateAndGet(change);
        if (!after.items().equals(before.items())
                || after.problem().isPresent() != before.problem().isPresent()) {
            onNews.run();
        }
    }

    private void run() {
        while (!closed) {
            try {
                follow(begin());
            } catch (Pause pause) {
                sleep(pause.length);
            } catch (RuntimeException unexpected) {
                // An object that is not as it should be: said like any other failure, and tried again.
                put(all -> all.failed(new Problem(false, "what the API server sent can not be read: " + unexpected)));
                sleep(Backoff.DEFAULT.after(++cut, chance));
            }
        }
    }

    /** Reads all that is selected; the version to watch from, or none where there is no object. */
    private Optional<String> begin() throws Pause {
        Map<String, Item<T>> found = new TreeMap<>();
        Optional<String> more = Optional.empty();
        for (int pages = 0; pages < MOST_PAGES; pages++) {
            Call call = selection.read(more);
            Answer answer = api.send(call);
            if (selection.name().isPresent() && answer.is(404)) {
                put(all -> all.replaced(Map.of(), clock.get()));
                return Optional.empty();
            }
            JsonObject page = answer.object().orElse(null);
            if (page == null) {
                throw failed(call, answer);
            }
            if (!isAsked(page)) {
                throw failed(call, new Answer.Strange(200, page.encode()));
            }
            // Of each page only what is wanted is kept.
            (selection.name().isPresent() ? Stream.of(page) : page.getJsonArray("items").stream())
                    .map(JsonObject.class::cast)
                    .forEach(object -> found.put(Cached.name(object), Cached.item(object, read)));
            more = Cached.more(page);
            if (more.isEmpty()) {
                put(all -> all.replaced(found, clock.get()));
                return Optional.of(Cached.version(page)).filter(version -> !version.isEmpty());
            }
        }
        throw failed(selection.read(more), new Answer.Lost("the list has no end: more than " + MOST_PAGES + " pages"));
    }

    /** The object of that name, or a list: of anything else, however well it looks, nothing is to be learned. */
    private boolean isAsked(JsonObject object) {
        return selection.name().isPresent()
                ? selection.name().get().equals(Cached.name(object))
                : object.getValue("items") instanceof JsonArray items
                        && items.stream()
                                .allMatch(it -> it instanceof JsonObject named
                                        && !Cached.name(named).isEmpty());
    }

    private boolean isSelected(JsonObject object) {
        return selection.name().isEmpty() || isAsked(object);
    }

    /** Watches until the version has expired or something went wrong. */
    private void follow(Optional<String> from) throws Pause {
        Optional<String> version = from;
        while (!closed) {
            Instant opened = clock.get();
            // Spread, so that the watches of a thousand sidecars that began together do not end together.
            Call call = selection.watch(version, WATCH_SECONDS + chance.nextInt(WATCH_SECONDS / 2));
            try (Events events = api.watch(call)) {
                open = Optional.of(events);
                if (events.opened()) {
                    retries = retries.succeeded();
                    put(all -> all.heard(clock.get()));
                }
                version = take(call, events, version);
            }
            if (Duration.between(opened, clock.get()).compareTo(Backoff.DEFAULT.first()) < 0) {
                // A server that ends each watch at once, or forgets each version, is not to be asked without end.
                sleep(Backoff.DEFAULT.after(++cut, chance));
            } else {
                cut = 0;
            }
            if (version.isEmpty()) {
                return;
            }
        }
    }

    /** Takes in events to the watch's end; the version to go on from, or none to read all again. */
    private Optional<String> take(Call call, Events events, Optional<String> from) throws Pause {
        Optional<String> version = from;
        while (true) {
            switch (events.next(SILENT)) {
                case Next.Silence _ -> {
                    return Optional.empty();
                }
                case Next.Ended(Answer how)
                when how.is(200) -> {
                    return version;
                }
                case Next.Ended(Answer how)
                when how.is(410) -> {
                    return Optional.empty();
                }
                case Next.Ended(Answer how) -> throw failed(call, how);
                case Next.Event(String type, JsonObject object) -> {
                    switch (type) {
                        case "ADDED", "MODIFIED" ->
                            put(all -> (isSelected(object) ? all.with(object, read) : all).heard(clock.get()));
                        case "DELETED" -> put(all -> all.without(object).heard(clock.get()));
                        case "BOOKMARK" -> put(all -> all.heard(clock.get()));
                        default -> {
                            // ERROR: mostly 410, expired.
                            return Optional.empty();
                        }
                    }
                    version = Optional.of(Cached.version(object))
                            .filter(it -> !it.isEmpty())
                            .or(() -> from);
                }
            }
        }
    }

    private Pause failed(Call call, Answer answer) {
        put(all -> all.failed(Problem.of(call, answer)));
        retries = retries.failed(answer);
        return new Pause(retries.pause(answer, Backoff.DEFAULT, DENIED, chance));
    }

    private void sleep(Duration length) {
        try {
            Thread.sleep(length);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed = true;
        open.ifPresent(Events::close);
        thread.interrupt();
    }

    /** To wait a while, then begin again. */
    private static final class Pause extends Exception {
        private static final long serialVersionUID = 1;
        private final transient Duration length;

        Pause(Duration length) {
            super(null, null, false, false);
            this.length = length;
        }
    }
}
