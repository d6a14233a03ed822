package dev.pilotlight.http;

import java.net.URI;

/** Where a request goes: the parts of a server's URL, and a path below its root. */
final class Destination {
    private Destination() {}

    static boolean isTls(URI base) {
        return "https".equals(base.getScheme());
    }

    static int port(URI base) {
        return base.getPort() > 0 ? base.getPort() : isTls(base) ? 443 : 80;
    }

    static String target(URI base, String path) {
        String root = base.getRawPath();
        return root == null || root.isEmpty() || "/".equals(root) ? path : root.replaceAll("/+$", "") + path;
    }

    /** For people. */
    static String url(URI base, String path) {
        return Redacted.url(base.getScheme() + "://" + base.getRawAuthority()) + target(base, path);
    }
}
