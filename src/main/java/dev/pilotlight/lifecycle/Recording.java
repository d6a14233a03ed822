package dev.pilotlight.lifecycle;

import dev.pilotlight.http.Http.Content;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A second of a tone as a form with a WAV file, which is what a model that listens takes. */
final class Recording {
    private static final int SAMPLES_PER_SECOND = 16_000;
    private static final int HEAD = 44;
    private static final String BOUNDARY = "pilotlight-warm-up-recording";

    private Recording() {}

    /** @param salt each another tone: a recording heard before would be served from a cache */
    static Content form(JsonObject fields, int salt) {
        ByteArrayOutputStream form = new ByteArrayOutputStream(2 * SAMPLES_PER_SECOND + 1024);
        fields.forEach(field -> text(
                form,
                "Content-Disposition: form-data; name=\"" + field.getKey() + "\"\r\n\r\n" + field.getValue() + "\r\n"));
        text(
                form,
                "Content-Disposition: form-data; name=\"file\"; filename=\"tone.wav\"\r\nContent-Type: audio/wav\r\n\r\n");
        form.writeBytes(wav(200 + Math.floorMod(salt, 400)));
        form.writeBytes(("\r\n--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.US_ASCII));
        return new Content("multipart/form-data; boundary=" + BOUNDARY, form.toByteArray());
    }

    private static void text(ByteArrayOutputStream form, String part) {
        form.writeBytes(("--" + BOUNDARY + "\r\n" + part).getBytes(StandardCharsets.UTF_8));
    }

    /** Mono, 16 bits, after the RIFF head of 44 bytes. */
    static byte[] wav(int hertz) {
        int length = 2 * SAMPLES_PER_SECOND;
        ByteBuffer file = ByteBuffer.allocate(HEAD + length).order(ByteOrder.LITTLE_ENDIAN);
        file.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(HEAD - 8 + length);
        file.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
        file.putShort((short) 1).putShort((short) 1);
        file.putInt(SAMPLES_PER_SECOND).putInt(2 * SAMPLES_PER_SECOND);
        file.putShort((short) 2).putShort((short) 16);
        file.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(length);
        for (int i = 0; i < SAMPLES_PER_SECOND; i++) {
            file.putShort((short) (8000 * Math.sin(2 * Math.PI * hertz * i / SAMPLES_PER_SECOND)));
        }
        return file.array();
    }
}
