package io.quorate.benchmarks;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What to measure.
 *
 * @param servers one server, or two to compare
 * @param watchers of one key, over all connections
 * @param leases kept alive in turn
 * @param clients calls under way at any time, over all connections
 * @param total calls to measure; 0 = go by {@code duration}
 * @param directory where data directories are made
 */
record Options(
        Mode mode,
        List<Server> servers,
        List<String> serverFlags,
        List<Workload> workloads,
        int connections,
        int clients,
        int watchers,
        int leases,
        int keyBytes,
        int valueBytes,
        int keys,
        Duration warmUp,
        Duration duration,
        long total,
        int rounds,
        Duration idle,
        Path directory,
        Optional<Path> json) {
    enum Mode {
        LOAD,
        START,
        WATCH,
        KEEPALIVE
    }

    /** A program under the name that the results carry. */
    record Server(String name, Path executable) {}

    /** Reads the command line; an {@link IllegalArgumentException} names what is wrong with it. */
    static Options parse(List<String> args) {
        if (args.isEmpty()) throw new IllegalArgumentException("no command");
        Mode mode =
                switch (args.getFirst()) {
                    case "load" -> Mode.LOAD;
                    case "start" -> Mode.START;
                    case "watch" -> Mode.WATCH;
                    case "keepalive" -> Mode.KEEPALIVE;
                    default -> throw new IllegalArgumentException("no command " + args.getFirst());
                };
        List<Server> servers = new ArrayList<>();
        List<String> serverFlags = new ArrayList<>();
        List<Workload> workloads = List.of(Workload.values());
        int connections = 4;
        int clients = 64;
        int watchers = 1_000;
        int leases = 1_000;
        int keyBytes = 16;
        int valueBytes = 256;
        int keys = 10_000;
        Duration warmUp = Duration.ofSeconds(5);
        Duration duration = Duration.ofSeconds(10);
        long total = 0;
        int rounds = mode == Mode.START ? 5 : 3;
        Duration idle = Duration.ofSeconds(5);
        Path directory = Path.of(System.getProperty("java.io.tmpdir"));
        Optional<Path> json = Optional.empty();
        Iterator<String> rest = args.listIterator(1);
        while (rest.hasNext()) {
            String option = rest.next();
            if (!rest.hasNext()) throw new IllegalArgumentException(option + " needs a value");
            String value = rest.next();
            switch (option) {
                case "--server" -> servers.add(server(value));
                case "--server-flag" -> serverFlags.add(value);
                case "--workloads" -> workloads = workloads(value);
                case "--connections" -> connections = positive(option, value);
                case "--clients" -> clients = positive(option, value);
                case "--watchers" -> watchers = positive(option, value);
                case "--leases" -> leases = positive(option, value);
                case "--key-bytes" -> keyBytes = positive(option, value);
                case "--value-bytes" -> valueBytes = positive(option, value);
                case "--keys" -> keys = positive(option, value);
                case "--warm-up" -> warmUp = Duration.ofSeconds(positive(option, value));
                case "--duration" -> duration = Duration.ofSeconds(positive(option, value));
                case "--total" -> total = positive(option, value);
                case "--rounds" -> rounds = positive(option, value);
                case "--idle" -> idle = Duration.ofSeconds(positive(option, value));
                case "--dir" -> directory = Path.of(value);
                case "--json" -> json = Optional.of(Path.of(value));
                default -> throw new IllegalArgumentException("no option " + option);
            }
        }
        if (servers.isEmpty() || servers.size() > 2) {
            throw new IllegalArgumentException("one --server or two are needed");
        }
        if (keyBytes < Integer.toString(keys).length()) {
            throw new IllegalArgumentException("--key-bytes is too small for --keys");
        }
        return new Options(
                mode,
                List.copyOf(servers),
                List.copyOf(serverFlags),
                workloads,
                connections,
                clients,
                watchers,
                leases,
                keyBytes,
                valueBytes,
                keys,
                warmUp,
                duration,
                total,
                rounds,
                idle,
                directory,
                json);
    }

    /** The servers in the order of one round: every other round starts with the second. */
    List<Server> inRound(int round) {
        return round % 2 == 0 ? servers : servers.reversed();
    }

    static Server server(String text) {
        int equals = text.indexOf('=');
        if (equals < 1) throw new IllegalArgumentException("--server needs NAME=FILE");
        return new Server(text.substring(0, equals), Path.of(text.substring(equals + 1)));
    }

    private static List<Workload> workloads(String text) {
        List<Workload> workloads = new ArrayList<>();
        for (String name : text.split(",")) {
            workloads.add(Workload.valueOf(name.trim().toUpperCase(Locale.ROOT)));
        }
        return List.copyOf(workloads);
    }

    static int positive(String option, String text) {
        int value = Integer.parseInt(text);
        if (value < 1) throw new IllegalArgumentException(option + " must be at least 1");
        return value;
    }
}
