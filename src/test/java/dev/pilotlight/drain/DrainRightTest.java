package dev.pilotlight.drain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pilotlight.drain.DrainRight.AskApiServer;
import dev.pilotlight.drain.DrainRight.Denied;
import dev.pilotlight.drain.DrainRight.Granted;
import java.util.Optional;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DrainRightTest {
    private static final Optional<String> HEADER = Optional.of("pre-stop");
    private static final Caller HOOK = new Caller("POST", HEADER, Optional.empty(), true, false, false, true);
    private static final Caller ELSEWHERE = new Caller("POST", HEADER, Optional.empty(), false, false, false, true);
    private static final Optional<String> TOKEN = Optional.of("secret");

    private static Refusal refusal(Caller caller, boolean inCluster) {
        return DrainRight.of(caller, Optional.empty(), inCluster) instanceof Denied(Refusal refusal, String _)
                ? refusal
                : null;
    }

    @Test
    void isThePodsOwnHooksWithoutTheApiServer() {
        assertThat(DrainRight.of(HOOK, Optional.empty(), true)).isEqualTo(new Granted("the preStop hook"));
        assertThat(DrainRight.of(HOOK, Optional.empty(), false)).isEqualTo(new Granted("the preStop hook"));
        assertThat(DrainRight.of(HOOK, TOKEN, true)).isEqualTo(new Granted("the preStop hook"));
    }

    @Test
    void isForTheApiServerToSayElsewhere() {
        assertThat(DrainRight.of(ELSEWHERE, TOKEN, true)).isEqualTo(new AskApiServer());
        assertThat(refusal(ELSEWHERE, false)).isEqualTo(Refusal.STRANGER);
    }

    @Test
    void isForTheApiServerToSayWhereTheKubeletAsksByGet() {
        Caller get = new Caller("GET", HEADER, Optional.empty(), false, false, false, true);
        assertThat(DrainRight.of(get, Optional.empty(), true)).isEqualTo(new AskApiServer());
        assertThat(refusal(get, false)).isEqualTo(Refusal.METHOD);
    }

    @Nested
    class ACallerInThePod {
        @ParameterizedTest
        @ValueSource(strings = {"GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "post", "\u0007"})
        void hasItByPostAlone(String method) {
            assertThat(refusal(new Caller(method, Optional.empty(), Optional.empty(), true, false, false, true), true))
                    .isEqualTo(Refusal.METHOD);
        }

        /** Even with the header a GET is no proof: it is for the API server to say. */
        @Test
        void hasItNotByGet() {
            assertThat(DrainRight.of(
                            new Caller("GET", HEADER, Optional.empty(), true, false, false, true),
                            Optional.empty(),
                            true))
                    .isEqualTo(new AskApiServer());
        }

        @Test
        void hasItNotWithoutTheHeader() {
            assertThat(refusal(new Caller("POST", Optional.empty(), Optional.empty(), true, false, false, true), true))
                    .isEqualTo(Refusal.HEADER);
            assertThat(refusal(new Caller("POST", Optional.of("1"), Optional.empty(), true, false, false, true), true))
                    .isEqualTo(Refusal.HEADER);
        }

        @Test
        void hasItNotThroughABrowserAProxyOrANameThatPointsHere() {
            assertThat(refusal(new Caller("POST", HEADER, Optional.empty(), true, true, false, true), true))
                    .isEqualTo(Refusal.BROWSER);
            assertThat(refusal(new Caller("POST", HEADER, Optional.empty(), true, false, true, true), true))
                    .isEqualTo(Refusal.FORWARDED);
            assertThat(refusal(new Caller("POST", HEADER, Optional.empty(), true, false, false, false), true))
                    .isEqualTo(Refusal.HOST);
        }
    }

    @Nested
    class TheToken {
        private static Caller shows(String method, String token) {
            return new Caller(method, Optional.empty(), Optional.of(token), false, false, true, false);
        }

        @Test
        void opensFromAnywhereByPost() {
            assertThat(DrainRight.of(shows("POST", "secret"), TOKEN, true)).isEqualTo(new Granted("the drain token"));
            assertThat(DrainRight.of(shows("POST", "secret"), TOKEN, false)).isEqualTo(new Granted("the drain token"));
        }

        @Test
        void opensNotByGetAndNotWhenItIsWrongOrNoneIsSet() {
            assertThat(DrainRight.of(shows("GET", "secret"), TOKEN, true)).isInstanceOf(Denied.class);
            assertThat(DrainRight.of(shows("POST", "secre"), TOKEN, true)).isInstanceOf(Denied.class);
            assertThat(DrainRight.of(shows("POST", ""), Optional.empty(), true)).isInstanceOf(Denied.class);
        }
    }
}
