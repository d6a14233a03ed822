package dev.pilotlight.inject;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;

/**
 * Shows the newest pair to each handshake that begins; one under way ends with what it began with. So nothing is closed or created again when
 * a certificate is renewed.
 */
final class NewestKeys extends X509ExtendedKeyManager {
    private final AtomicReference<Shown> shown = new AtomicReference<>(new Shown(0, null, null));

    /** @param before the pair before this one; that of a handshake that began with it */
    private record Shown(long number, KeyPair pair, Shown before) {
        String alias() {
            return "pair-" + number;
        }
    }

    void show(KeyPair pair) {
        shown.updateAndGet(last -> last.pair() != null && last.pair().equals(pair)
                ? last
                : new Shown(last.number() + 1, pair, new Shown(last.number(), last.pair(), null)));
    }

    private KeyPair pair(String alias) {
        Shown now = shown.get();
        return now.before() != null && now.before().alias().equals(alias)
                ? now.before().pair()
                : now.pair();
    }

    private String alias(String keyType) {
        Shown now = shown.get();
        return now.pair() != null && now.pair().key().getAlgorithm().equals(keyType) ? now.alias() : null;
    }

    @Override
    public String chooseEngineServerAlias(String keyType, Principal[] issuers, SSLEngine engine) {
        return alias(keyType);
    }

    @Override
    public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
        return alias(keyType);
    }

    @Override
    public String[] getServerAliases(String keyType, Principal[] issuers) {
        String alias = alias(keyType);
        return alias == null ? null : new String[] {alias};
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        KeyPair pair = pair(alias);
        return pair == null ? null : pair.chain().toArray(new X509Certificate[0]);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        KeyPair pair = pair(alias);
        return pair == null ? null : pair.key();
    }

    @Override
    public String[] getClientAliases(String keyType, Principal[] issuers) {
        return null;
    }

    @Override
    public String chooseClientAlias(String[] keyType, Principal[] issuers, Socket socket) {
        return null;
    }
}
