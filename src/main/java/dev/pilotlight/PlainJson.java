package dev.pilotlight;

import io.vertx.core.json.jackson.JacksonCodec;
import io.vertx.core.spi.JsonFactory;
import io.vertx.core.spi.json.JsonCodec;

/**
 * JSON as maps, lists, texts, numbers and truth values, and nothing else. Named here, so that tests, which have Jackson's databind on their
 * class path, write and read it as the image does, which has not.
 */
public final class PlainJson implements JsonFactory {
    /** Before all others. */
    @Override
    public int order() {
        return 0;
    }

    @Override
    public JsonCodec codec() {
        return new JacksonCodec();
    }
}
