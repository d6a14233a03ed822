package dev.pilotlight.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.Optional;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;

class CausesTest {
    @Test
    void areSaidFromTheOutermostToTheFirstAndEachOnce() {
        assertThat(Causes.words(new IOException("no page", new IOException("no page", new IOException("no route")))))
                .isEqualTo("no page: no route");
    }

    @Test
    void areNamedByTheirKindWhereTheySayNothing() {
        assertThat(Causes.words(new IllegalStateException())).isEqualTo("IllegalStateException");
        assertThat(Causes.words(new IOException("broken", new ClosedChannelException())))
                .isEqualTo("broken: the connection was closed");
    }

    /** As Vert.x wraps a server that hangs up in the middle of the handshake. */
    @Test
    void standInTheSentenceAboutTlsWithoutANull() {
        SSLHandshakeException handshake = new SSLHandshakeException("Failed to create SSL connection");
        handshake.initCause(new ClosedChannelException());

        assertThat(TlsFailure.why(handshake, "engine:8000", Http.Security.none()))
                .isEqualTo(Optional.of(
                        "no TLS with engine:8000: Failed to create SSL connection: the connection was closed"));
    }

    @Test
    void endWhereTheyGoRoundInACircle() {
        IOException one = new IOException("one");
        one.initCause(new IOException("other", one));
        assertThat(Causes.words(one)).isEqualTo("one: other");
    }
}
