package io.quorate.checks;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A page in Prometheus' text format 0.0.4, read as strictly as the format is written down: each
 * family has its help and its type before its samples and stands in one piece, no sample comes
 * twice, and the buckets of a histogram add up; {@code promtool check metrics} lets pages pass that
 * break these rules, and judges names and units instead. Samples of summaries, which only Go's
 * runtime has, are not looked at. What breaks a rule is an {@link AssertionError} with the line.
 */
final class MetricsPage {
    private static final Pattern SAMPLE =
            Pattern.compile(
                    "([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)})? ([-+]?(?:\\d[-+.eE\\d]*|Inf)|NaN)");
    private static final Pattern LABEL =
            Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\\n]|\\\\[\\\\\"n])*)\"(,|$)");
    private static final Set<String> TYPES = Set.of("counter", "gauge", "histogram", "summary");

    private final Map<String, Family> families = new TreeMap<>();

    /**
     * @param labels names of the labels of its samples, without a bucket's {@code le}
     * @param bounds of its buckets, as text, in the order of the page
     */
    record Family(String name, String help, String type, Set<String> labels, List<String> bounds) {}

    private MetricsPage() {}

    Map<String, Family> families() {
        return families;
    }

    static MetricsPage parse(String text) {
        MetricsPage page = new MetricsPage();
        check(text.endsWith("\n"), "the last line has no end");
        Family family = null;
        String help = null;
        Set<String> seen = new HashSet<>();
        Map<String, Histogram> histograms = new HashMap<>();
        for (String line : text.lines().toList()) {
            if (line.startsWith("# HELP ")) {
                String[] words = line.substring(7).split(" ", 2);
                check(words.length == 2 && !words[1].isBlank(), "no help: " + line);
                help = words[0] + " " + words[1];
                family = null;
            } else if (line.startsWith("# TYPE ")) {
                String[] words = line.substring(7).split(" ");
                check(help != null && help.startsWith(words[0] + " "), "no help before: " + line);
                check(TYPES.contains(words[1]), "unknown type: " + line);
                family =
                        new Family(
                                words[0],
                                help.substring(words[0].length() + 1),
                                words[1],
                                new TreeSet<>(),
                                new ArrayList<>());
                check(page.families.put(words[0], family) == null, "a second time: " + line);
            } else {
                check(family != null, "a sample without a type: " + line);
                sample(family, line, seen, histograms);
            }
        }
        histograms.forEach((series, histogram) -> histogram.check(series));
        return page;
    }

    private static void sample(
            Family family, String line, Set<String> seen, Map<String, Histogram> histograms) {
        Matcher sample = SAMPLE.matcher(line);
        check(sample.matches(), "not a sample: " + line);
        String name = sample.group(1);
        Map<String, String> labels = labels(sample.group(2), line);
        check(seen.add(name + labels), "a second time: " + line);
        double value =
                switch (sample.group(3)) {
                    case "+Inf" -> Double.POSITIVE_INFINITY;
                    case "-Inf" -> Double.NEGATIVE_INFINITY;
                    default -> Double.parseDouble(sample.group(3));
                };
        if (!family.type.equals("gauge")) check(value >= 0, "below zero: " + line);
        if (family.type.equals("histogram")) {
            String bound = labels.remove("le");
            Histogram histogram =
                    histograms.computeIfAbsent(family.name + labels, key -> new Histogram());
            switch (name.substring(family.name.length())) {
                case "_bucket" -> {
                    check(bound != null, "a bucket without a bound: " + line);
                    histogram.add(bound, value, line);
                    if (!family.bounds.contains(bound)) family.bounds.add(bound);
                }
                case "_sum" -> histogram.sum = true;
                case "_count" -> histogram.count = value;
                default -> throw new AssertionError("not of " + family.name + ": " + line);
            }
        } else if (!family.type.equals("summary")) {
            check(name.equals(family.name), "not of " + family.name + ": " + line);
        }
        family.labels.addAll(labels.keySet());
    }

    private static Map<String, String> labels(String text, String line) {
        Map<String, String> labels = new TreeMap<>();
        if (text == null) return labels;
        Matcher label = LABEL.matcher(text);
        int end = 0;
        while (end < text.length()) {
            check(label.find() && label.start() == end, "bad labels: " + line);
            check(labels.put(label.group(1), label.group(2)) == null, "a label twice: " + line);
            end = label.end();
        }
        return labels;
    }

    private static void check(boolean holds, String message) {
        if (!holds) throw new AssertionError(message);
    }

    /** The buckets of one series, each with all smaller values. */
    private static final class Histogram {
        private double bound = Double.NEGATIVE_INFINITY;
        private double last;
        private double count = -1;
        private boolean sum;

        void add(String text, double value, String line) {
            double next = text.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
            MetricsPage.check(next > bound && value >= last, "buckets out of order: " + line);
            bound = next;
            last = value;
        }

        void check(String series) {
            MetricsPage.check(
                    bound == Double.POSITIVE_INFINITY && sum && count == last,
                    "buckets, sum and count do not fit: " + series);
        }
    }
}
