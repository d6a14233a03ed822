package dev.pilotlight.kube;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * What an API server keeps, in memory: objects by path, one version for all that grows with each change, writes that name a version
 * and are refused when it is not the newest, and watches that begin at a version. Tests say what goes wrong.
 */
public final class FakeApiServer implements ApiServer {
    private static final Next.Ended CLOSED = new Next.Ended(new Answer.Lost("closed"));

    /** The newest of all objects. */
    private long version = 100;
    /** Watches can not begin before this one. */
    private long oldest;

    private final Map<String, JsonObject> objects = new TreeMap<>();
    private final List<Change> changes = new ArrayList<>();
    private final Set<Watch> watches = new HashSet<>();
    private final List<Call> calls = new CopyOnWriteArrayList<>();
    private KubeTally tally = KubeTally.EMPTY;
    private volatile Function<Call, Optional<Answer>> fault = _ -> Optional.empty();

    private record Change(long version, String collection, Next.Event event) {}

    private final class Watch implements Events {
        private final Call call;
        private final boolean opened;
        private final BlockingQueue<Next> news = new LinkedBlockingQueue<>();

        Watch(Call call, boolean opened) {
            this.call = call;
            this.opened = opened;
        }

        @Override
        public boolean opened() {
            return opened;
        }

        @Override
        public Next next(Duration patience) {
            try {
                Next next = news.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
                return next == null ? new Next.Silence() : next;
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
                return CLOSED;
            }
        }

        @Override
        public void close() {
            leave(this);
            news.add(CLOSED);
        }

        void tell(Change change) {
            if (change.collection().equals(call.path())
                    && isSelected(call, change.event().object())) {
                news.add(change.event());
            }
        }
    }

    /** From now on: an answer for those calls that shall not be served. */
    public void fault(Function<Call, Optional<Answer>> fault) {
        this.fault = fault;
    }

    /** Every call, those that failed included. */
    public List<Call> asked() {
        return List.copyOf(calls);
    }

    public synchronized Optional<JsonObject> object(String path) {
        return Optional.ofNullable(objects.get(path)).map(JsonObject::copy);
    }

    /** Somebody else creates or changes an object, whatever its version. */
    public synchronized JsonObject put(String path, JsonObject object) {
        JsonObject kept = object.copy();
        String collection = path.substring(0, path.lastIndexOf('/'));
        if (!kept.containsKey("metadata")) {
            kept.put("metadata", new JsonObject());
        }
        boolean isNew = !objects.containsKey(path);
        kept.getJsonObject("metadata")
                .put("name", path.substring(collection.length() + 1))
                .put("resourceVersion", Long.toString(++version));
        objects.put(path, kept);
        tell(collection, isNew ? "ADDED" : "MODIFIED", kept);
        return kept.copy();
    }

    public synchronized void delete(String path) {
        JsonObject gone = objects.remove(path);
        gone.getJsonObject("metadata").put("resourceVersion", Long.toString(++version));
        tell(path.substring(0, path.lastIndexOf('/')), "DELETED", gone);
    }

    private void tell(String collection, String type, JsonObject object) {
        Change change = new Change(version, collection, new Next.Event(type, object.copy()));
        changes.add(change);
        watches.forEach(watch -> watch.tell(change));
    }

    public synchronized int watchers() {
        return watches.size();
    }

    /** All open watches are told this. */
    public synchronized void tell(Next next) {
        watches.forEach(watch -> watch.news.add(next));
    }

    /** All open watches hear that the world has come to the newest version. */
    public synchronized void bookmark() {
        tell(new Next.Event(
                "BOOKMARK",
                new JsonObject().put("metadata", new JsonObject().put("resourceVersion", Long.toString(version)))));
    }

    /** All open watches end as they do when their time is over. */
    public synchronized void endWatches() {
        tell(new Next.Ended(new Answer.Got(200, "", Optional.empty())));
    }

    /** What was is forgotten, but for what is now: no watch can begin in the past. */
    public synchronized void forget() {
        oldest = ++version;
        changes.clear();
    }

    private synchronized void leave(Watch watch) {
        watches.remove(watch);
    }

    @Override
    public synchronized KubeTally calls() {
        return tally;
    }

    private synchronized void count(Call call, Answer answer) {
        tally = tally.add(call, answer);
    }

    @Override
    public Answer send(Call call) {
        calls.add(call);
        // Outside the lock: a fault may let others go first.
        Answer answer = fault.apply(call).orElseGet(() -> serve(call));
        count(call, answer);
        return answer;
    }

    private synchronized Answer serve(Call call) {
        return switch (call.verb()) {
            case GET ->
                Optional.ofNullable(objects.get(call.path()))
                        .map(object -> got(200, object))
                        .orElseGet(() -> refused(404, "not found"));
            case LIST -> got(200, list(call));
            case CREATE -> {
                JsonObject object = call.body().orElseThrow();
                String path =
                        call.path() + "/" + object.getJsonObject("metadata").getString("name");
                yield objects.containsKey(path) ? refused(409, "already exists") : got(201, put(path, object));
            }
            case UPDATE, PATCH -> {
                JsonObject there = objects.get(call.path());
                JsonObject body = call.body().orElseThrow();
                String over = Cached.version(body);
                yield there == null
                        ? refused(404, "not found")
                        : !over.isEmpty() && !over.equals(Cached.version(there))
                                ? refused(409, "the object has been modified")
                                : got(
                                        200,
                                        put(call.path(), call.verb() == Call.Verb.UPDATE ? body : merged(there, body)));
            }
            case WATCH -> throw new IllegalArgumentException("a watch is opened by watch()");
        };
    }

    private static JsonObject merged(JsonObject there, JsonObject patch) {
        JsonObject all = there.copy();
        patch.forEach(entry -> {
            if (entry.getValue() instanceof JsonObject deeper) {
                all.put(entry.getKey(), merged(all.getJsonObject(entry.getKey(), new JsonObject()), deeper));
            } else if (entry.getValue() == null) {
                all.remove(entry.getKey());
            } else {
                all.put(entry.getKey(), entry.getValue());
            }
        });
        return all;
    }

    private JsonObject list(Call call) {
        JsonArray items = new JsonArray();
        objects.forEach((path, object) -> {
            if (path.startsWith(call.path() + "/") && isSelected(call, object)) {
                items.add(object.copy());
            }
        });
        int from = Integer.parseInt(call.query().getOrDefault("continue", "0"));
        int to = Math.min(
                items.size(), from + Integer.parseInt(call.query().getOrDefault("limit", "" + Integer.MAX_VALUE / 2)));
        JsonObject metadata = new JsonObject().put("resourceVersion", Long.toString(version));
        if (to < items.size()) {
            metadata.put("continue", Integer.toString(to));
        }
        return new JsonObject()
                .put("metadata", metadata)
                .put("items", new JsonArray(items.getList().subList(from, to)));
    }

    private static boolean isSelected(Call call, JsonObject object) {
        JsonObject metadata = object.getJsonObject("metadata");
        String field = call.query().getOrDefault("fieldSelector", "");
        String label = call.query().getOrDefault("labelSelector", "");
        String[] pair = label.split("=", 2);
        return (field.isEmpty() || field.equals("metadata.name=" + metadata.getString("name")))
                && (label.isEmpty()
                        || pair[1].equals(metadata.getJsonObject("labels", new JsonObject())
                                .getString(pair[0])));
    }

    private static Answer got(int status, JsonObject object) {
        return new Answer.Got(status, object.encode(), Optional.empty());
    }

    public static Answer refused(int status, String message) {
        return got(
                status,
                new JsonObject().put("kind", "Status").put("code", status).put("message", message));
    }

    @Override
    public Events watch(Call call) {
        calls.add(call);
        Optional<Answer> refusal = fault.apply(call);
        Events events = refusal.<Events>map(answer -> unopened(call, answer)).orElseGet(() -> open(call));
        count(call, refusal.orElse(new Answer.Got(200, "", Optional.empty())));
        return events;
    }

    private Watch unopened(Call call, Answer answer) {
        Watch watch = new Watch(call, false);
        watch.news.add(new Next.Ended(answer));
        return watch;
    }

    private synchronized Watch open(Call call) {
        Watch watch = new Watch(call, true);
        watches.add(watch);
        String since = call.query().getOrDefault("resourceVersion", "");
        if (since.isEmpty()) {
            list(call)
                    .getJsonArray("items")
                    .forEach(item -> watch.news.add(new Next.Event("ADDED", (JsonObject) item)));
        } else if (Long.parseLong(since) < oldest) {
            watch.news.add(new Next.Event(
                    "ERROR", new JsonObject().put("code", 410).put("message", "too old resource version: " + since)));
            watch.news.add(new Next.Ended(new Answer.Got(200, "", Optional.empty())));
        } else {
            changes.stream()
                    .filter(change -> change.version() > Long.parseLong(since))
                    .forEach(watch::tell);
        }
        return watch;
    }
}
