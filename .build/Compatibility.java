import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Makes {@code docs/compatibility.md} from {@code docs/features.tsv} (the rows of etcd's behaviour)
 * and the tags of all tests, and the first cells of their tables. {@code Compatibility write DIR}
 * writes it, {@code Compatibility check DIR} exits with 1 when it is stale or a test carries an id
 * that is no row.
 */
public final class Compatibility {
    private static final Pattern ROW_ID = Pattern.compile("[A-Z][A-Z0-9]-\\d+|T\\d+");
    private static final Pattern TAG = Pattern.compile("@Tag\\(\\s*\"([^\"]+)\"\\s*\\)");
    private static final Pattern SESSION_TAG =
            Pattern.compile("^# rows?: (.*)$", Pattern.MULTILINE);

    /** A table of a test; ids in parentheses are of rows that it only prepares. */
    private static final Pattern TABLE_ROW =
            Pattern.compile("^([A-Z][A-Z0-9]-\\d+)\t", Pattern.MULTILINE);

    private record Row(String id, String item, String never) {}

    public static void main(String[] args) throws IOException {
        boolean write = args[0].equals("write");
        Path base = Path.of(args[1]);
        Path page = base.resolve("docs/compatibility.md");
        Map<String, Row> rows = rows(base.resolve("docs/features.tsv"));
        Map<String, TreeSet<String>> tests = tests(base);
        List<String> unknown = tests.keySet().stream().filter(id -> !rows.containsKey(id)).toList();
        if (!unknown.isEmpty()) {
            System.err.println("tests carry ids that are no rows of docs/features.tsv: " + unknown);
            System.exit(1);
        }
        String text = text(rows, tests);
        if (Files.exists(page) && Files.readString(page).equals(text)) return;
        if (write) {
            Files.writeString(page, text);
            return;
        }
        System.err.println(
                "docs/compatibility.md is stale; run `mvn -N validate` and commit the result");
        System.exit(1);
    }

    private static Map<String, Row> rows(Path file) throws IOException {
        Map<String, Row> rows = new LinkedHashMap<>();
        for (String line : Files.readAllLines(file)) {
            if (line.startsWith("#")) continue;
            String[] cells = line.split("\t", -1);
            rows.put(cells[0], new Row(cells[0], cells[1], cells[2]));
        }
        return rows;
    }

    /** Ids to the tests that carry them. */
    private static Map<String, TreeSet<String>> tests(Path base) throws IOException {
        Map<String, TreeSet<String>> tests = new TreeMap<>();
        for (String root : List.of("api", "spi", "engine", "backends", "distribution")) {
            try (Stream<Path> files = Files.walk(base.resolve(root))) {
                for (Path file : files.filter(Compatibility::isTest).toList()) {
                    String source = Files.readString(file);
                    String name =
                            file.getFileName().toString().replaceAll("\\.(java|session)$", "");
                    List<String> ids = new ArrayList<>();
                    Matcher tags = TAG.matcher(source);
                    while (tags.find()) ids.add(tags.group(1));
                    Matcher lines = SESSION_TAG.matcher(source);
                    Matcher cells = TABLE_ROW.matcher(source);
                    while (name.endsWith(".tsv") && cells.find()) ids.add(cells.group(1));
                    while (lines.find()) ids.addAll(List.of(lines.group(1).strip().split("[ ,]+")));
                    for (String id : ids) {
                        if (ROW_ID.matcher(id).matches()) {
                            tests.computeIfAbsent(id, key -> new TreeSet<>()).add(name);
                        }
                    }
                }
            }
        }
        return tests;
    }

    private static boolean isTest(Path file) {
        String path = file.toString();
        boolean source = path.matches(".*\\.(java|session|tsv)");
        boolean test = path.contains("/src/test/") || path.contains("/storage-tck/src/main/");
        return source && test && !path.contains("/target/");
    }

    private static String text(Map<String, Row> rows, Map<String, TreeSet<String>> tests) {
        long covered = rows.keySet().stream().filter(tests::containsKey).count();
        long never = rows.values().stream().filter(row -> !row.never().isEmpty()).count();
        StringBuilder text = new StringBuilder();
        text.append("# Compatibility with etcd\n\n");
        text.append(
                "Made from the tags of the tests by `.build/Compatibility.java`; do not edit.\n\n");
        text.append("Of ")
                .append(rows.size())
                .append(" rows: ")
                .append(covered)
                .append(" covered by a test, ");
        text.append(rows.size() - covered - never)
                .append(" not yet, ")
                .append(never)
                .append(" never.\n");
        text.append(
                "A row counts as covered when at least one test carries its id; the test says how much of it.\n\n");
        text.append("| id | item | covered by |\n|---|---|---|\n");
        for (Row row : rows.values()) {
            String how =
                    tests.containsKey(row.id())
                            ? String.join(", ", tests.get(row.id()))
                            : row.never().isEmpty() ? "not yet" : "never: " + row.never();
            text.append("| ").append(row.id()).append(" | ").append(row.item().replace("|", "\\|"));
            text.append(" | ").append(how).append(" |\n");
        }
        return text.toString();
    }
}
