package io.quorate.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Everything that {@code docs/performance.md} shows, ours beside etcd: results, charts, and the
 * page's tables. When there is less time than everything wants, windows and numbers of keys shrink
 * by the same factor; what comes late has fewer rounds, or is left out and named.
 */
final class AllRun {
    /**
     * Of all parts, in order. Warm-ups are as long as a JVM needs to compile what is asked of it;
     * three of them on two cores need longer.
     */
    private static final List<Part> PARTS =
            List.of(
                    part("load-1-client", load(1, 1, 6)),
                    part("load-100-clients", load(100, 10, 10)),
                    part("load-1000-clients", load(1000, 50, 10)),
                    part("cluster-1-client", cluster(1, 1, 8)),
                    part("cluster-100-clients", cluster(100, 12, 20)),
                    part("cluster-1000-clients", cluster(1000, 51, 25)),
                    part(
                            "mix-100-clients",
                            "load --workloads prefix,txn,kubernetes --clients 100"
                                    + " --connections 10 --warm-up 8 --duration 4 --rounds 2"),
                    part(
                            "watch",
                            "watch --watchers 1,1000,10000 --connections 10"
                                    + " --warm-up 8 --duration 4 --rounds 2"),
                    part(
                            "keepalive",
                            "keepalive --clients 100 --connections 10"
                                    + " --warm-up 8 --duration 4 --rounds 2"),
                    part("start", "start --rounds 5 --idle 3"),
                    part("memory", "memory --keys 1000000 --rounds 1 --idle 5"),
                    part("failover", "failover --kills 5 --warm-up 5 --rounds 1"),
                    part("catch-up", "catch-up --keys 1000000 --rounds 1"),
                    part(
                            "compaction",
                            "compaction --keys 1000000 --warm-up 8 --duration 5 --rounds 1"),
                    part("disk-stall", "disk-stall --warm-up 5 --duration 6 --rounds 1"),
                    part("snapshot", "snapshot --keys 300000 --warm-up 4 --duration 6 --rounds 2"),
                    part(
                            "open-loop",
                            "load --workloads put,range --clients 500 --connections 10"
                                    + " --rate 5000 --warm-up 8 --duration 5 --rounds 1"));

    /** What {@link #PARTS} take, with some room. */
    static final Duration USUAL_TIME = Duration.ofMinutes(45);

    private static final List<String> SCALED = List.of("--warm-up", "--duration", "--idle");
    private static final int KEYS_LEAST = 10_000;

    /** A command line, and the name of its results. */
    record Part(String name, List<String> line) {}

    /**
     * @param results the folder of JSON files and charts
     * @param page with places for tables
     */
    record Order(
            Path ours, Path etcd, Path results, Path page, Duration time, Optional<Path> folder) {
        /** Reads the options; {@code home} is the folder of this tool's script. */
        static Order parse(List<String> args, Path home) {
            Path ours = home.resolve("../tarball/target/quorate/bin/etcd").normalize();
            Optional<Path> etcd = Optional.empty();
            Path results = home.resolve("../../docs/performance").normalize();
            Optional<Path> page = Optional.empty();
            Duration time = USUAL_TIME;
            Optional<Path> folder = Optional.empty();
            Iterator<String> rest = args.iterator();
            while (rest.hasNext()) {
                String option = rest.next();
                if (!rest.hasNext()) throw new IllegalArgumentException(option + " needs a value");
                String value = rest.next();
                switch (option) {
                    case "--ours" -> ours = Path.of(value);
                    case "--etcd" -> etcd = Optional.of(Path.of(value));
                    case "--out" -> results = Path.of(value);
                    case "--page" -> page = Optional.of(Path.of(value));
                    case "--seconds" -> time = Duration.ofSeconds(Options.positive(option, value));
                    case "--dir" -> folder = Optional.of(Path.of(value));
                    default -> throw new IllegalArgumentException("no option " + option);
                }
            }
            Path compared = program("--etcd", etcd.orElseThrow(AllRun::noEtcd));
            return new Order(
                    program("--ours", ours),
                    compared,
                    results,
                    page.orElse(results.resolveSibling("performance.md")),
                    time,
                    folder);
        }

        private static Path program(String option, Path file) {
            if (Files.isExecutable(file)) return file;
            throw new IllegalArgumentException(option + ": no program " + file);
        }
    }

    private AllRun() {}

    private static IllegalArgumentException noEtcd() {
        return new IllegalArgumentException("all needs --etcd FILE, the program to compare with");
    }

    private static Part part(String name, String line) {
        return new Part(name, List.of(line.split(" ")));
    }

    private static String load(int clients, int connections, int warmUp) {
        return String.format(
                "load --workloads put,range,serializable --clients %d --connections %d"
                        + " --warm-up %d --duration 4 --rounds 2",
                clients, connections, warmUp);
    }

    private static String cluster(int clients, int connections, int warmUp) {
        return String.format(
                "load --members 3 --workloads put,range --clients %d --connections %d"
                        + " --warm-up %d --duration 5 --rounds 2",
                clients, connections, warmUp);
    }

    /** Returns what was left out or failed, a line for each; empty when all is well. */
    static List<String> run(Order order) throws IOException {
        long begin = System.nanoTime();
        Files.createDirectories(order.results);
        double wanted = 0;
        for (Options options : plan(order, 1)) wanted += seconds(options);
        double factor = Math.min(1, order.time.toSeconds() / wanted);
        List<Options> plan = plan(order, factor);
        double left = 0;
        for (Options options : plan) left += seconds(options);
        List<String> missing = new ArrayList<>();
        try (Progress progress = Progress.of(left, order.time.toSeconds())) {
            for (int i = 0; i < plan.size(); i++) {
                String name = PARTS.get(i).name();
                double elapsed = (System.nanoTime() - begin) / 1e9;
                double share = seconds(plan.get(i)) / left;
                double time = (order.time.toSeconds() - elapsed) * share;
                left -= seconds(plan.get(i));
                if (time <= 0) {
                    missing.add(name + ": no time left; give more with --seconds");
                    continue;
                }
                try {
                    measure(order, name, plan.get(i).within(time), progress);
                } catch (IOException | RuntimeException e) {
                    missing.add(name + ": " + e.getMessage());
                }
            }
        }
        return missing;
    }

    private static void measure(Order order, String name, Options options, Progress progress)
            throws IOException {
        Report report = Rounds.run(options, Rounds.of(options.mode()), progress);
        Files.writeString(
                order.results.resolve(name + ".json"), report.json(Surroundings.of(options)));
    }

    private static double seconds(Options options) {
        return options.rounds() * options.servers().size() * options.unitSeconds();
    }

    /** The command lines, with times and numbers of keys made shorter by a factor. */
    static List<Options> plan(Order order, double factor) {
        List<Options> plan = new ArrayList<>();
        for (Part part : PARTS) {
            List<String> line = new ArrayList<>(part.line());
            for (int i = 1; i < line.size(); i += 2) {
                String option = line.get(i);
                int least = SCALED.contains(option) ? 1 : KEYS_LEAST;
                if (least == KEYS_LEAST && !option.equals("--keys")) continue;
                long scaled = Math.round(Integer.parseInt(line.get(i + 1)) * factor);
                line.set(i + 1, Long.toString(Math.max(least, scaled)));
            }
            line.addAll(List.of("--server", "ours=" + order.ours));
            line.addAll(List.of("--server", "etcd=" + order.etcd));
            order.folder.ifPresent(folder -> line.addAll(List.of("--dir", folder.toString())));
            plan.add(Options.parse(line));
        }
        return plan;
    }
}
