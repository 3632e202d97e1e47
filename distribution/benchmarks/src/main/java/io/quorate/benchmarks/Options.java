package io.quorate.benchmarks;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What to measure: a command and its options, all checked when it is made. */
final class Options {
    /** The commands that measure server processes, with the defaults in which they differ. */
    enum Mode {
        LOAD(3, 10_000, 64, 5, 10),
        WATCH(3, 10_000, 64, 5, 10),
        KEEPALIVE(3, 10_000, 64, 5, 10),
        SNAPSHOT(3, 100_000, 64, 1, 5),
        FSYNCS(1, 10_000, 64, 1, 3),
        START(5, 0, 64, 1, 1),
        MEMORY(1, 1_000_000, 64, 1, 1),
        FAILOVER(1, 10_000, 64, 2, 1),
        CATCH_UP(1, 1_000_000, 64, 1, 1),
        COMPACTION(1, 500_000, 16, 3, 10),
        DISK_STALL(1, 10_000, 16, 3, 10);

        private final int rounds;
        private final int keys;
        private final int clients;
        private final int warmUpSeconds;
        private final int seconds;

        Mode(int rounds, int keys, int clients, int warmUpSeconds, int seconds) {
            this.rounds = rounds;
            this.keys = keys;
            this.clients = clients;
            this.warmUpSeconds = warmUpSeconds;
            this.seconds = seconds;
        }

        /** As it is written on the command line. */
        String command() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** A program under the name that the results carry. */
    record Server(String name, Path executable) {}

    /** Which members the clients talk to. */
    enum Target {
        ALL,
        LEADER
    }

    /** What is assumed of any server when the time a run takes is estimated; puts a second. */
    private static final int FILLED_PER_SECOND = 20_000;

    private final Mode mode;
    private final List<String> line;
    private final Map<String, List<String>> given = new LinkedHashMap<>();
    private final List<Server> servers;
    private final List<Setup> setups = new ArrayList<>();
    private final List<Workload.Kind> workloads;
    private final List<Integer> watchers;
    private final int leases;
    private final int members;
    private final Target target;
    private final Duration warmUp;
    private final Duration duration;
    private final long total;
    private final int rounds;
    private final int kills;
    private final Duration idle;
    private final Optional<Duration> budget;
    private final Path directory;
    private final Optional<Path> json;

    private static final List<String> KNOWN =
            List.of(
                    "--server",
                    "--server-flag",
                    "--workloads",
                    "--connections",
                    "--clients",
                    "--key-bytes",
                    "--value-bytes",
                    "--keys",
                    "--rate",
                    "--watchers",
                    "--leases",
                    "--members",
                    "--target",
                    "--warm-up",
                    "--duration",
                    "--total",
                    "--rounds",
                    "--kills",
                    "--idle",
                    "--seconds",
                    "--dir",
                    "--json");

    private Options(Mode mode, List<String> args) {
        this.mode = mode;
        this.line = List.copyOf(args);
        for (int i = 1; i < args.size(); i += 2) {
            String option = args.get(i);
            if (!KNOWN.contains(option)) throw new IllegalArgumentException("no option " + option);
            if (i + 1 == args.size()) throw new IllegalArgumentException(option + " needs a value");
            given.computeIfAbsent(option, name -> new ArrayList<>()).add(args.get(i + 1));
        }
        servers = all("--server").stream().map(Options::server).toList();
        if (servers.isEmpty() || servers.size() > 2) {
            throw new IllegalArgumentException("one --server or two are needed");
        }
        if (servers.size() == 2 && servers.get(0).name().equals(servers.get(1).name())) {
            throw new IllegalArgumentException("both servers are named " + servers.get(0).name());
        }
        members = number("--members", mode == Mode.FAILOVER ? 3 : 1);
        int fewest = mode == Mode.FAILOVER ? 3 : 1;
        if (members < fewest) {
            throw new IllegalArgumentException(mode.command() + " needs 3 members or more");
        }
        target = target(last("--target").orElse("all"));
        workloads = workloads(last("--workloads").orElse("put,range,serializable"));
        watchers = numbers("--watchers", "1000");
        leases = number("--leases", 1_000);
        warmUp = Duration.ofSeconds(number("--warm-up", mode.warmUpSeconds));
        duration = Duration.ofSeconds(number("--duration", mode.seconds));
        total = number("--total", 0);
        rounds = number("--rounds", mode.rounds);
        kills = number("--kills", 5);
        idle = Duration.ofSeconds(number("--idle", 5));
        budget = last("--seconds").map(text -> Duration.ofSeconds(positive("--seconds", text)));
        directory = Path.of(last("--dir").orElse(System.getProperty("java.io.tmpdir")));
        json = last("--json").map(Path::of);
        sweep();
        boolean small = setups.stream().anyMatch(setup -> setup.keys() < 1_000);
        if (small && workloads.contains(Workload.Kind.PREFIX)) {
            throw new IllegalArgumentException("the workload prefix needs --keys 1000 or more");
        }
    }

    /** Every combination of the lists that were given. */
    private void sweep() {
        String manyClients = mode == Mode.FSYNCS ? "1,10,100,1000" : String.valueOf(mode.clients);
        int keys = last("--keys").isEmpty() ? mode.keys : number("--keys", 0);
        for (int keyBytes : numbers("--key-bytes", "16")) {
            for (int valueBytes : numbers("--value-bytes", "256")) {
                for (int clients : numbers("--clients", manyClients)) {
                    for (int connections : numbers("--connections", "4")) {
                        for (int rate : rates()) {
                            setups.add(
                                    new Setup(
                                            Math.min(connections, clients),
                                            clients,
                                            keyBytes,
                                            valueBytes,
                                            keys,
                                            rate,
                                            members));
                        }
                    }
                }
            }
        }
    }

    private List<Integer> rates() {
        return last("--rate").isEmpty() ? List.of(0) : numbers("--rate", "");
    }

    /** Reads the command line; an {@link IllegalArgumentException} names what is wrong with it. */
    static Options parse(List<String> args) {
        if (args.isEmpty()) throw new IllegalArgumentException("no command");
        Mode mode =
                mode(args.getFirst())
                        .orElseThrow(() ->
                                new IllegalArgumentException("no command " + args.getFirst()));
        return new Options(mode, args);
    }

    /** The command of that name, unless it is one of those that start no server. */
    static Optional<Mode> mode(String command) {
        return Arrays.stream(Mode.values())
                .filter(mode -> mode.command().equals(command))
                .findAny();
    }

    /** The same, but begins no round that would probably end after so many seconds. */
    Options within(double seconds) {
        List<String> args = new ArrayList<>(line);
        args.addAll(List.of("--seconds", Long.toString(Math.max(1, Math.round(seconds)))));
        return new Options(mode, args);
    }

    Mode mode() {
        return mode;
    }

    /** One server, or two to compare. */
    List<Server> servers() {
        return servers;
    }

    List<String> serverNames() {
        return servers.stream().map(Server::name).toList();
    }

    List<String> serverFlags() {
        return all("--server-flag");
    }

    List<Workload.Kind> workloads() {
        return workloads;
    }

    /** All combinations to measure; at least one. */
    List<Setup> setups() {
        return setups;
    }

    /** For the runs that measure one combination only. */
    Setup setup() {
        return setups.getFirst();
    }

    /** Watchers of one key, over all connections; one number for each measurement. */
    List<Integer> watchers() {
        return watchers;
    }

    /** Leases kept alive in turn. */
    int leases() {
        return leases;
    }

    int members() {
        return members;
    }

    Target target() {
        return target;
    }

    Duration warmUp() {
        return warmUp;
    }

    Duration duration() {
        return duration;
    }

    /** Calls to measure; 0 = go by {@link #duration()}. */
    long total() {
        return total;
    }

    int rounds() {
        return rounds;
    }

    /** How often the leader of one cluster is killed. */
    int kills() {
        return kills;
    }

    Duration idle() {
        return idle;
    }

    /** No further round is begun that would end after this. */
    Optional<Duration> budget() {
        return budget;
    }

    /** Where data directories are made. */
    Path directory() {
        return directory;
    }

    Optional<Path> json() {
        return json;
    }

    /** The servers in the order of one round: every other round starts with the second. */
    List<Server> inRound(int round) {
        return round % 2 == 0 ? servers : servers.reversed();
    }

    /** The command line without paths of this machine, for the results. */
    String commandLine() {
        List<String> words = new ArrayList<>(List.of(line.getFirst()));
        for (int i = 1; i < line.size(); i += 2) {
            String option = line.get(i);
            if (List.of("--dir", "--json", "--seconds").contains(option)) continue;
            words.add(option);
            words.add(
                    option.equals("--server")
                            ? server(line.get(i + 1)).name() + "=…"
                            : line.get(i + 1));
        }
        return String.join(" ", words);
    }

    /** About how long one server takes in one round, for the progress bar. */
    double unitSeconds() {
        double window = warmUp.toSeconds() + duration.toSeconds();
        double fill = setups.getLast().keys() / (double) FILLED_PER_SECOND;
        double start = 1.5 + 1.5 * members;
        return start
                + switch (mode) {
                    case LOAD -> setups.size() * workloads.size() * window + fill;
                    case FSYNCS -> setups.size() * window;
                    case WATCH -> watchers.size() * window;
                    case KEEPALIVE -> window;
                    case SNAPSHOT -> window + fill;
                    case START, MEMORY -> 2.5 * fill + idle.toSeconds() * (fill == 0 ? 1 : 2) + 2;
                    case FAILOVER -> kills * 5.0;
                    case CATCH_UP -> 2 * fill + 2;
                    case COMPACTION -> fill + window + duration.toSeconds() + 2;
                    case DISK_STALL -> window + 2;
                };
    }

    static Server server(String text) {
        int equals = text.indexOf('=');
        if (equals < 1) throw new IllegalArgumentException("--server needs NAME=FILE");
        return new Server(text.substring(0, equals), Path.of(text.substring(equals + 1)));
    }

    private static List<Workload.Kind> workloads(String text) {
        List<Workload.Kind> workloads = new ArrayList<>();
        for (String name : text.split(",")) workloads.add(Workload.Kind.of(name.trim()));
        return List.copyOf(workloads);
    }

    private static Target target(String text) {
        return switch (text) {
            case "all" -> Target.ALL;
            case "leader" -> Target.LEADER;
            default -> throw new IllegalArgumentException("--target is all or leader");
        };
    }

    private List<String> all(String option) {
        return given.getOrDefault(option, List.of());
    }

    private Optional<String> last(String option) {
        List<String> values = all(option);
        return values.isEmpty() ? Optional.empty() : Optional.of(values.getLast());
    }

    private int number(String option, int otherwise) {
        return last(option).map(text -> positive(option, text)).orElse(otherwise);
    }

    private List<Integer> numbers(String option, String otherwise) {
        List<Integer> numbers = new ArrayList<>();
        for (String text : last(option).orElse(otherwise).split(",")) {
            numbers.add(positive(option, text.trim()));
        }
        return List.copyOf(numbers);
    }

    static int positive(String option, String text) {
        int value;
        try {
            value = Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(option + " needs a number, not " + text, e);
        }
        if (value < 1) throw new IllegalArgumentException(option + " must be at least 1");
        return value;
    }
}
