package dev.pilotlight.kube;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.kube.ApiServer.Answer;
import dev.pilotlight.kube.ApiServer.Next;
import dev.pilotlight.kube.Cached.Item;
import dev.pilotlight.process.Await;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** A informer beside an API server that keeps a few objects, forgets what was, ends its watches, falls silent, and goes away. */
class InformerTest {
    private static final String PODS = "/api/v1/namespaces/ns/pods";
    private static final Selection POOL = Selection.labelled(PODS, "pool=a");
    private static final Selection ONE = Selection.one(PODS, "p1");
    /** For what has to come: a busy machine takes its time. */
    private static final Duration AMPLE = Duration.ofSeconds(10);

    /** Of every pause the certain part alone. */
    private static final RandomGenerator LEAST = () -> 0;

    private final FakeApiServer server = new FakeApiServer();
    /** Half a minute goes by with each look at it, so that every watch has lasted a while. */
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-11-25T12:00:00Z"));

    private Duration passing = Duration.ofSeconds(30);
    private final AtomicInteger news = new AtomicInteger();
    private Informer<String> informer;

    private static String path(String name) {
        return PODS + "/" + name;
    }

    private void pod(String name, String says) {
        server.put(
                path(name),
                new JsonObject()
                        .put("metadata", new JsonObject().put("labels", new JsonObject().put("pool", "a")))
                        .put("says", says));
    }

    private void start(Selection selection) {
        informer = new Informer<>(
                        server,
                        selection,
                        object -> object.getString("says"),
                        () -> now.getAndUpdate(it -> it.plus(passing)),
                        LEAST,
                        news::incrementAndGet)
                .start();
    }

    @AfterEach
    void stop() {
        informer.close();
    }

    private Cached<String> until(String what, Predicate<Cached<String>> isSo) {
        return Await.until(what, AMPLE, informer::newest, isSo);
    }

    private void shows(Map<String, Item<String>> items) {
        until("shows " + items, it -> it.items().equals(items));
    }

    private static Item<String> item(int version, String says) {
        return new Item<>(Integer.toString(version), says);
    }

    private void isWatching() {
        Await.until("watches", AMPLE, () -> server.watchers() == 1);
    }

    /** Each call: what it does, and from which version. */
    private List<String> asked() {
        return server.asked().stream()
                .map(call ->
                        call.verb().word() + " " + call.query().getOrDefault("resourceVersion", "without a version"))
                .toList();
    }

    private void hasAsked(String... calls) {
        Await.until("asks", AMPLE, this::asked, List.of(calls)::equals);
    }

    @Test
    void readsOnceAndThenWatchesFromThatVersion() {
        pod("p1", "hello");
        server.put(path("stranger"), new JsonObject());
        start(POOL);
        hasAsked("list without a version", "watch 102");
        shows(Map.of("p1", item(101, "hello")));
        assertThat(informer.newest().problem()).isEmpty();
        assertThat(server.asked())
                .allSatisfy(call -> assertThat(call.query()).containsEntry("labelSelector", "pool=a"))
                .last()
                .satisfies(call -> assertThat(Integer.parseInt(call.query().get("timeoutSeconds")))
                        .isBetween(300, 450));
    }

    @Test
    void readsALongListInPages() {
        IntStream.range(0, 250).forEach(i -> pod("p" + i, "hello"));
        start(POOL);
        until("shows all", it -> it.items().size() == 250);
        isWatching();
        assertThat(server.asked().stream()
                        .map(call -> call.query().getOrDefault("continue", "the first"))
                        .toList())
                .startsWith("the first", "100", "200")
                .hasSize(4);
    }

    @Test
    void givesUpOnAListWithoutEnd() {
        server.fault(call -> call.verb() == Call.Verb.LIST
                ? Optional.of(new Answer.Got(
                        200, "{\"metadata\": {\"continue\": \"more\"}, \"items\": []}", Optional.empty()))
                : Optional.empty());
        start(POOL);
        assertThat(until("says so", it -> it.problem().isPresent())
                        .problem()
                        .orElseThrow()
                        .why())
                .contains("the list has no end");
    }

    @Test
    void followsWhatIsAddedChangedAndDeleted() {
        pod("p1", "hello");
        start(POOL);
        isWatching();
        pod("p2", "me too");
        shows(Map.of("p1", item(101, "hello"), "p2", item(102, "me too")));
        pod("p1", "still here");
        shows(Map.of("p1", item(103, "still here"), "p2", item(102, "me too")));
        server.delete(path("p2"));
        shows(Map.of("p1", item(103, "still here")));
        assertThat(news).as("told of: what was there, and each change").hasValue(4);
        hasAsked("list without a version", "watch 101");
    }

    @Test
    void hearsOfABookmarkThatThereIsNoNews() {
        pod("p1", "hello");
        start(POOL);
        isWatching();
        Instant before = until("hears", it -> it.problem().isEmpty()).heardAt().orElseThrow();
        int told = news.get();
        server.bookmark();
        until("has heard", it -> it.heardAt().orElseThrow().isAfter(before));
        assertThat(news).hasValue(told);
    }

    @Test
    void goesOnFromTheNewestVersionWhenTheWatchHasEnded() {
        pod("p1", "hello");
        start(POOL);
        isWatching();
        pod("p1", "again");
        server.endWatches();
        hasAsked("list without a version", "watch 101", "watch 102");
        server.put(path("stranger"), new JsonObject());
        server.bookmark();
        server.endWatches();
        hasAsked("list without a version", "watch 101", "watch 102", "watch 103");
        pod("p2", "me too");
        shows(Map.of("p1", item(102, "again"), "p2", item(104, "me too")));
        assertThat(informer.newest().problem()).isEmpty();
    }

    @Test
    void readsAllAgainWhenItsVersionIsForgotten() {
        pod("p1", "hello");
        pod("p2", "me too");
        start(POOL);
        isWatching();
        server.fault(call -> Optional.of(new Answer.Lost("gone")));
        server.tell(new Next.Ended(new Answer.Lost("the watch broke off")));
        until("sees it", it -> it.problem().isPresent());
        server.delete(path("p2"));
        pod("p3", "new here");
        server.forget();
        server.fault(_ -> Optional.empty());
        shows(Map.of("p1", item(101, "hello"), "p3", item(104, "new here")));
    }

    @Test
    void readsAllAgainAfterAnErrorInTheWatch() {
        pod("p1", "hello");
        start(POOL);
        isWatching();
        server.forget();
        server.tell(new Next.Event("ERROR", new JsonObject().put("code", 410)));
        hasAsked("list without a version", "watch 101", "list without a version", "watch 102");
        assertThat(informer.newest().problem()).isEmpty();
    }

    @Test
    void readsAllAgainWhenTheWatchIsRefusedAsExpired() {
        pod("p1", "hello");
        server.fault(call -> call.verb() == Call.Verb.WATCH && server.asked().size() == 2
                ? Optional.of(FakeApiServer.refused(410, "too old"))
                : Optional.empty());
        start(POOL);
        hasAsked("list without a version", "watch 101", "list without a version", "watch 101");
        assertThat(informer.newest().problem()).isEmpty();
    }

    @Test
    void readsAllAgainWhenTheWatchIsSilent() {
        pod("p1", "hello");
        start(POOL);
        isWatching();
        server.tell(new Next.Silence());
        hasAsked("list without a version", "watch 101", "list without a version", "watch 101");
    }

    @Nested
    class OfOneObject {
        @Test
        void needsNoRightToList() {
            pod("p1", "hello");
            pod("p2", "not asked for");
            start(ONE);
            hasAsked("get 0", "watch 101");
            assertThat(informer.newest().one()).contains("hello");
            pod("p2", "still not");
            pod("p1", "again");
            shows(Map.of("p1", item(104, "again")));
        }

        @Test
        void waitsForOneThatIsNotThere() {
            start(ONE);
            hasAsked("get 0", "watch without a version");
            Cached<String> none = until("has heard", it -> it.heardAt().isPresent());
            assertThat(none.items()).isEmpty();
            assertThat(none.problem()).isEmpty();
            pod("p1", "hello");
            shows(Map.of("p1", item(101, "hello")));
        }

        @Test
        void takesTheNewestOfWhatAWriteAnsweredAndWhatTheWatchTells() {
            pod("p1", "hello");
            start(ONE);
            isWatching();
            JsonObject older = server.object(path("p1")).orElseThrow();
            JsonObject newer = older.copy().put("says", "as written");
            newer.getJsonObject("metadata").put("resourceVersion", "105");
            informer.offer(newer);
            assertThat(informer.newest().items()).isEqualTo(Map.of("p1", item(105, "as written")));
            informer.offer(older);
            pod("p1", "older news");
            server.bookmark();
            assertThat(informer.newest().items()).isEqualTo(Map.of("p1", item(105, "as written")));
        }
    }

    @Nested
    class OfAServerThatFails {
        @Test
        void saysSoOnceKeepsWhatItKnowsAndIsSoundAfterwards() {
            pod("p1", "hello");
            start(POOL);
            isWatching();
            int told = news.get();
            server.fault(_ -> Optional.of(new Answer.Lost("connection refused")));
            server.tell(new Next.Ended(new Answer.Lost("the watch broke off")));
            Await.until("asks again", AMPLE, () -> server.asked().size() >= 3);
            assertThat(informer.newest().items()).isEqualTo(Map.of("p1", item(101, "hello")));
            assertThat(informer.newest().problem().orElseThrow().silent()).isTrue();
            assertThat(news).as("told of the problem once").hasValue(told + 1);

            server.fault(_ -> Optional.empty());
            until("is sound", it -> it.problem().isEmpty());
            assertThat(news).hasValue(told + 2);
        }

        @Test
        void saysWhichRightIsMissingToWatch() {
            pod("p1", "hello");
            server.fault(call ->
                    call.verb() == Call.Verb.WATCH ? Optional.of(FakeApiServer.refused(403, "no")) : Optional.empty());
            start(POOL);
            Problem problem =
                    until("sees it", it -> it.problem().isPresent()).problem().orElseThrow();
            assertThat(problem.silent()).isFalse();
            assertThat(problem.why())
                    .endsWith("the service account's Role lacks {apiGroups: [\"\"], resources: [pods], verbs: [watch]}"
                            + " in namespace ns");
            assertThat(informer.newest().one()).contains("hello");
        }

        @Test
        void saysThatAnObjectCanNotBeReadAndReadsItOnceItCan() {
            pod("p1", "hello");
            start(POOL);
            isWatching();
            server.tell(new Next.Event("MODIFIED", new JsonObject().put("metadata", "none")));
            Problem problem =
                    until("sees it", it -> it.problem().isPresent()).problem().orElseThrow();
            assertThat(problem.silent()).isFalse();
            assertThat(problem.why()).startsWith("what the API server sent can not be read: ");
            assertThat(informer.newest().one()).contains("hello");
            pod("p1", "corrected");
            shows(Map.of("p1", item(102, "corrected")));
            until("is sound", it -> it.problem().isEmpty());
        }

        @Test
        void asksOneThatEndsEachWatchAtOnceLessAndLess() {
            passing = Duration.ofMillis(1);
            pod("p1", "hello");
            server.fault(call -> call.verb() == Call.Verb.WATCH
                    ? Optional.of(new Answer.Got(200, "", Optional.empty()))
                    : Optional.empty());
            isAskedSeldom(POOL);
        }

        @Test
        void asksOneThatForgetsEveryVersionLessAndLess() {
            passing = Duration.ofMillis(1);
            pod("p1", "hello");
            server.fault(call -> call.verb() == Call.Verb.WATCH
                    ? Optional.of(FakeApiServer.refused(410, "too old"))
                    : Optional.empty());
            isAskedSeldom(POOL);
        }

        @Test
        void asksOneThatEndsEachWatchForAMissingObjectLessAndLess() {
            passing = Duration.ofMillis(1);
            server.fault(call -> call.verb() == Call.Verb.WATCH
                    ? Optional.of(new Answer.Got(200, "", Optional.empty()))
                    : Optional.empty());
            isAskedSeldom(ONE);
        }

        private void isAskedSeldom(Selection selection) {
            long began = System.nanoTime();
            start(selection);
            Await.until("asks a third time", AMPLE, () -> server.asked().size() >= 3);
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThan(Duration.ofMillis(400));
        }
    }

    @Test
    void leavesItsWatchWhenItIsClosed() {
        start(POOL);
        isWatching();
        informer.close();
        Await.until("leaves", AMPLE, () -> server.watchers() == 0);
        int asked = server.asked().size();
        pod("p1", "hello");
        server.endWatches();
        assertThat(informer.newest().items()).isEmpty();
        assertThat(server.asked()).hasSize(asked);
    }
}
