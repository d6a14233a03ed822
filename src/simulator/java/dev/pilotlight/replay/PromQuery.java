package dev.pilotlight.replay;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of PromQL that scaling queries use: metrics with selectors (which are taken to select this fleet), {@code rate},
 * {@code max_over_time}, {@code avg_over_time}, the aggregations, arithmetic, {@code clamp_max}, {@code clamp_min}, {@code ==} and
 * {@code <=} as filters, {@code and}, {@code or}.
 */
final class PromQuery {
    private static final Pattern TOKEN = Pattern.compile(
            "\\s*(?:(\\d+(?:\\.\\d+)?(?:[eE][+-]?\\d+)?)(?![a-zA-Z_:])|([a-zA-Z_:][a-zA-Z0-9_:]*)|(\\{[^}]*\\})|(\\[[^\\]]*\\])|(==|<=|[-+*/(),]))");
    private static final Set<String> AGGREGATIONS = Set.of("sum", "avg", "max", "min", "count");
    private static final Set<String> WINDOWS = Set.of("rate", "increase", "max_over_time", "avg_over_time");

    /** One value for each pod, or a single one; not a number where there is none. */
    private record Value(double[] values, boolean isScalar) {}

    private interface Node {
        Value at(List<Scrapes> pods, long asOfNanos);
    }

    private final String text;
    private final Matcher matcher;
    private int position;
    private String token = "";
    private final Node root;

    PromQuery(String text) {
        this.text = text;
        this.matcher = TOKEN.matcher(text);
        next();
        this.root = or();
        if (!token.isEmpty()) {
            throw wrong();
        }
    }

    /** The sum over the series of the result, as the metrics API would add them up; not a number if there is none. */
    double value(List<Scrapes> pods, long asOfNanos) {
        double sum = Double.NaN;
        for (double value : root.at(pods, asOfNanos).values()) {
            sum = Double.isNaN(value) ? sum : Double.isNaN(sum) ? value : sum + value;
        }
        return sum;
    }

    private Node or() {
        Node left = and();
        while (token.equals("or")) {
            next();
            Node first = left;
            Node second = and();
            left = (pods, asOf) -> {
                Value value = first.at(pods, asOf);
                return Arrays.stream(value.values()).allMatch(Double::isNaN) ? second.at(pods, asOf) : value;
            };
        }
        return left;
    }

    private Node and() {
        Node left = comparison();
        while (token.equals("and")) {
            next();
            grouping();
            left = pairwise(left, comparison(), (value, other) -> Double.isNaN(other) ? Double.NaN : value);
        }
        return left;
    }

    private Node comparison() {
        Node left = sum();
        if (!token.equals("==") && !token.equals("<=")) {
            return left;
        }
        boolean orLess = take().equals("<=");
        return pairwise(left, sum(), (value, other) -> value == other || orLess && value < other ? value : Double.NaN);
    }

    private Node sum() {
        Node left = product();
        while (token.equals("+") || token.equals("-")) {
            left = binary(left, take(), product());
        }
        return left;
    }

    private Node product() {
        Node left = atom();
        while (token.equals("*") || token.equals("/")) {
            left = binary(left, take(), atom());
        }
        return left;
    }

    private Node atom() {
        if (token.equals("(")) {
            next();
            Node inner = or();
            expect(")");
            return inner;
        }
        String word = take();
        if (word.matches("\\d.*")) {
            double number = Double.parseDouble(word);
            return (_, _) -> new Value(new double[] {number}, true);
        }
        if (AGGREGATIONS.contains(word)) {
            return aggregation(word);
        }
        if (WINDOWS.contains(word)) {
            return window(word);
        }
        switch (word) {
            case "vector", "scalar" -> {
                return atom();
            }
            case "clamp_max", "clamp_min" -> {
                expect("(");
                Node inner = or();
                expect(",");
                Node limit = or();
                expect(")");
                return pairwise(inner, limit, word.equals("clamp_max") ? Math::min : Math::max);
            }
            default -> {
                if (!word.matches("[a-zA-Z_:].*")) {
                    throw wrong();
                }
                Series series = selected(word);
                return each(pod -> asOf -> pod.newest(series, asOf));
            }
        }
    }

    private Node aggregation(String word) {
        grouping();
        expect("(");
        Node inner = or();
        expect(")");
        grouping();
        return (pods, asOf) -> {
            double[] known = Arrays.stream(inner.at(pods, asOf).values())
                    .filter(value -> !Double.isNaN(value))
                    .toArray();
            double result = known.length == 0
                    ? Double.NaN
                    : switch (word) {
                        case "sum" -> Arrays.stream(known).sum();
                        case "avg" -> Arrays.stream(known).sum() / known.length;
                        case "max" -> Arrays.stream(known).max().getAsDouble();
                        case "min" -> Arrays.stream(known).min().getAsDouble();
                        default -> known.length;
                    };
            return new Value(new double[] {result}, true);
        };
    }

    /** {@code by (namespace)} and the like: the fleet is one group, and a pod's series match its own. */
    private void grouping() {
        if (token.equals("by") || token.equals("without") || token.equals("on")) {
            next();
            expect("(");
            while (!token.equals(")")) {
                next();
            }
            next();
        }
    }

    private Node window(String word) {
        expect("(");
        Series series = selected(take());
        long window = nanos(take());
        expect(")");
        return each(pod -> asOf -> switch (word) {
            case "rate" -> pod.rate(series, window, asOf);
            case "increase" -> pod.rate(series, window, asOf) * window * 1e-9;
            case "avg_over_time" -> pod.over(series, true, window, asOf);
            default -> pod.over(series, false, window, asOf);
        });
    }

    /** Of the selectors only a resource, a phase and a role say what is meant; the others pick this fleet from all that there are. */
    private Series selected(String metric) {
        String selectors = token.startsWith("{") ? take() : "";
        Matcher kind =
                Pattern.compile("(resource|phase|role)\\s*=\\s*(\"[a-z_]+\")").matcher(selectors);
        return Series.named(kind.find() ? metric + "{" + kind.group(1) + "=" + kind.group(2) + "}" : metric);
    }

    private interface AsOf {
        double value(long asOfNanos);
    }

    private static Node each(java.util.function.Function<Scrapes, AsOf> look) {
        return (pods, asOf) -> new Value(
                pods.stream().mapToDouble(pod -> look.apply(pod).value(asOf)).toArray(), false);
    }

    private static Node binary(Node left, String operator, Node right) {
        return pairwise(left, right, (a, b) -> switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            default -> a / b;
        });
    }

    private static Node pairwise(Node left, Node right, java.util.function.DoubleBinaryOperator operator) {
        return (pods, asOf) -> {
            Value a = left.at(pods, asOf);
            Value b = right.at(pods, asOf);
            double[] result = new double[a.isScalar() ? b.values().length : a.values().length];
            for (int i = 0; i < result.length; i++) {
                result[i] = operator.applyAsDouble(a.values()[a.isScalar() ? 0 : i], b.values()[b.isScalar() ? 0 : i]);
            }
            return new Value(result, a.isScalar() && b.isScalar());
        };
    }

    private long nanos(String range) {
        Matcher duration = Pattern.compile("\\[(\\d+)([smh])\\]").matcher(range);
        if (!duration.matches()) {
            throw new IllegalArgumentException("in '" + text + "': want a range such as [2m], got '" + range + "'");
        }
        long unit =
                switch (duration.group(2)) {
                    case "s" -> 1;
                    case "m" -> 60;
                    default -> 3600;
                };
        return Long.parseLong(duration.group(1)) * unit * 1_000_000_000L;
    }

    private String take() {
        String taken = token;
        next();
        return taken;
    }

    private void expect(String wanted) {
        if (!token.equals(wanted)) {
            throw wrong();
        }
        next();
    }

    private void next() {
        if (text.substring(position).isBlank()) {
            token = "";
            position = text.length();
            return;
        }
        if (!matcher.find(position) || matcher.start() != position) {
            throw wrong();
        }
        position = matcher.end();
        token = matcher.group().strip();
    }

    private IllegalArgumentException wrong() {
        return new IllegalArgumentException("the replay cannot read this query from '%s' on: %s"
                .formatted(token.isEmpty() ? text.substring(Math.min(position, text.length())) : token, text));
    }
}
