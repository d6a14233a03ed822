package dev.pilotlight.config;

import dev.pilotlight.http.Secret;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What a setting may be: says so for the documentation, and finds what is wrong with a value as somebody wrote it. */
sealed interface Kind {
    /** The values that are allowed, as docs/configuration.md lists them. */
    String allowed();

    /** What to give instead, if the value is wrong. */
    Optional<String> wrong(String value);

    /** A time with its unit. */
    record Time(Duration least, Duration most, boolean zeroForNone) implements Kind {
        private static final Pattern WITH_UNIT = Pattern.compile("(\\d{1,12})(ms|s|m|h|d)", Pattern.CASE_INSENSITIVE);
        private static final Pattern BARE = Pattern.compile("\\d+");

        /** Beyond every bound of the table, so that no sum of times overflows. */
        static final Duration MOST = Duration.ofHours(24);

        static Time from(Duration least) {
            return new Time(least, MOST, false);
        }

        static Time between(Duration least, Duration most) {
            return new Time(least, most, false);
        }

        Time orZero() {
            return new Time(least, most, true);
        }

        @Override
        public String allowed() {
            return ConfigCheck.shown(least) + " to " + ConfigCheck.shown(most) + (zeroForNone ? ", or 0s" : "");
        }

        @Override
        public Optional<String> wrong(String value) {
            if (BARE.matcher(value).matches() && !value.equals("0")) {
                return Optional.of("has no unit; give " + value + "ms or " + value + "s");
            }
            return parse(value)
                    .map(time -> zeroForNone && time.isZero() || within(time) ? "" : "give " + allowed())
                    .or(() -> Optional.of("is not a time; give a number and a unit, such as 500ms, 10s or 3m"))
                    .filter(fix -> !fix.isEmpty());
        }

        private boolean within(Duration time) {
            return time.compareTo(least) >= 0 && time.compareTo(most) <= 0;
        }

        private static Optional<Duration> parse(String value) {
            if (value.equals("0")) {
                return Optional.of(Duration.ZERO);
            }
            Matcher matcher = WITH_UNIT.matcher(value);
            try {
                if (!matcher.matches()) {
                    return Optional.of(Duration.parse(value));
                }
                long number = Long.parseLong(matcher.group(1));
                return Optional.of(
                        switch (matcher.group(2).toLowerCase(Locale.ROOT)) {
                            case "ms" -> Duration.ofMillis(number);
                            case "s" -> Duration.ofSeconds(number);
                            case "m" -> Duration.ofMinutes(number);
                            case "h" -> Duration.ofHours(number);
                            default -> Duration.ofDays(number);
                        });
            } catch (DateTimeParseException | ArithmeticException notOne) {
                return Optional.empty();
            }
        }
    }

    /** A whole number. */
    record Whole(long least, long most) implements Kind {
        @Override
        public String allowed() {
            return least + " to " + most;
        }

        @Override
        public Optional<String> wrong(String value) {
            try {
                long number = Long.parseLong(value);
                return number >= least && number <= most ? Optional.empty() : Optional.of("give " + allowed());
            } catch (NumberFormatException notOne) {
                return Optional.of("is not a whole number; give " + allowed());
            }
        }
    }

    /** A number; the least is not allowed itself where it is open. */
    record Real(double least, boolean open, double most) implements Kind {
        static Real above(double least, double most) {
            return new Real(least, true, most);
        }

        @Override
        public String allowed() {
            return (open ? "above " : "") + number(least) + (open ? ", at most " : " to ") + number(most);
        }

        @Override
        public Optional<String> wrong(String value) {
            try {
                double number = Double.parseDouble(value);
                boolean within = (open ? number > least : number >= least) && number <= most;
                return within ? Optional.empty() : Optional.of("give " + allowed());
            } catch (NumberFormatException notOne) {
                return Optional.of("is not a number; give " + allowed());
            }
        }

        private static String number(double value) {
            return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
        }
    }

    /** One of some words. */
    record OneOf(List<String> words) implements Kind {
        static final OneOf SWITCH = of("true", "false");

        static OneOf of(String... words) {
            return new OneOf(List.of(words));
        }

        static <E extends Enum<E>> OneOf of(Class<E> type) {
            return new OneOf(List.of(type.getEnumConstants()).stream()
                    .map(constant -> constant.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                    .toList());
        }

        @Override
        public String allowed() {
            return String.join(", ", words.subList(0, words.size() - 1)) + " or " + words.getLast();
        }

        @Override
        public Optional<String> wrong(String value) {
            String word = value.toLowerCase(Locale.ROOT).replace('_', '-');
            return words.contains(word) ? Optional.empty() : Optional.of("give " + allowed());
        }
    }

    /** Where to listen. It is tried: only the machine knows which addresses are its own. */
    record Here() implements Kind {
        @Override
        public String allowed() {
            return "an address of this machine, such as 0.0.0.0 or 127.0.0.1";
        }

        @Override
        public Optional<String> wrong(String value) {
            try (ServerSocket tried = new ServerSocket(0, 1, InetAddress.getByName(value))) {
                return tried.isBound() ? Optional.empty() : Optional.of("give " + allowed());
            } catch (UnknownHostException unknown) {
                return Optional.of("is no address, and no name that is known here; give " + allowed());
            } catch (IOException | RuntimeException another) {
                return Optional.of("cannot be listened at; give " + allowed());
            }
        }
    }

    /** Where to ask over HTTP. */
    record Address(String example) implements Kind {
        @Override
        public String allowed() {
            return "http or https URL";
        }

        @Override
        public Optional<String> wrong(String value) {
            try {
                URI url = new URI(value);
                boolean web = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
                boolean port = url.getPort() == -1 || url.getPort() >= 1 && url.getPort() <= 65535;
                return web && url.getHost() != null && port
                        ? Optional.empty()
                        : Optional.of(
                                port
                                        ? "give http://host:port or https://host:port, such as " + example
                                        : "give a port from 1 to 65535");
            } catch (URISyntaxException notOne) {
                return Optional.of("is not a URL; give one such as " + example);
            }
        }
    }

    /** Several of them, with commas. */
    record Addresses(String example) implements Kind {
        @Override
        public String allowed() {
            return "http or https URLs with commas";
        }

        @Override
        public Optional<String> wrong(String value) {
            Address one = new Address(example);
            return Stream.of(value.split(","))
                    .map(String::strip)
                    .flatMap(url -> one.wrong(url).stream())
                    .findFirst();
        }
    }

    /** A file that is there. What is in it is nobody's to show, so only its name is said. */
    record InFile(String allowed, boolean secret) implements Kind {
        static final InFile PEM = new InFile("PEM file", false);

        /** One line, such as a key or a token. */
        static final InFile SECRET = new InFile("file with one line", true);

        @Override
        public Optional<String> wrong(String value) {
            try {
                Path file = Path.of(value);
                if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
                    return Optional.of("no such file, or not readable for this user");
                }
                return secret ? Secret.problem(file) : Optional.empty();
            } catch (InvalidPathException notOne) {
                return Optional.of("is not the name of a file");
            }
        }
    }

    /** A text of a form. */
    record Text(String allowed, Pattern form) implements Kind {
        /** Whatever it says; who reads it finds what is wrong with it. */
        static Text any(String allowed) {
            return new Text(allowed, Pattern.compile("(?s).+"));
        }

        @Override
        public Optional<String> wrong(String value) {
            return form.matcher(value).matches() ? Optional.empty() : Optional.of("give " + allowed);
        }
    }
}
