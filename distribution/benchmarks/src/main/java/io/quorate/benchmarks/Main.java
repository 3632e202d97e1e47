package io.quorate.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The command line of the load tool. */
public final class Main {
    private static final String USAGE =
            """
            usage: run load       --server NAME=FILE [--server NAME=FILE] [options]
                   run watch | keepalive | snapshot | fsyncs | start | memory | failover
                       | catch-up | compaction | disk-stall, with the same
                   run state | log --backend NAME [options]
                   run member      --server NAME=FILE [options]
                   run all         --etcd FILE [options]
                   run charts | report
                   run jmh         [options of JMH]

            Each server is started in turn on a fresh data directory, in each of the rounds.
            load drives it with calls
              --workloads LIST    of put, range, serializable, prefix (ranges of 1,000 keys), txn
                                  (half put, half read), kubernetes (updates by revision, reads,
                                  lists, a watch); in this order (put,range,serializable)
              --connections LIST  HTTP/2 connections (4)
              --clients LIST      calls under way at any time, over all connections (64)
              --key-bytes LIST    (16)
              --value-bytes LIST  (256)
              --keys N            distinct keys (10000)
              --rate LIST         an open loop of so many calls a second; latencies begin when a
                                  call is due. Without it a closed loop
              --members N         of the cluster (1)
              --target WHICH      members that the clients talk to: all, leader (all)
              --warm-up SECONDS   not measured (5)
              --duration SECONDS  measured (10)
              --total N           measure N calls instead of a duration
              --rounds N          how often each server is started and measured (3)
              Of lists, with commas between, every combination is measured.
            watch puts one key and waits until every watcher has the event, again and again
              --watchers LIST     of that key, one stream for each connection (1000)
            keepalive renews leases, each client on a stream of its own
              --leases N          (1000)
            snapshot streams the database of --keys (100000) to a client
            fsyncs tells how often puts force the log, with --clients 1,10,100,1000
            start measures the time from exec to the first answered Range, and idle memory
              --keys N            also with so many keys (0)
              --rounds N          (5)
              --idle SECONDS      before memory is read (5)
            memory is start with 1000000 keys and one round
            failover kills the leader of a cluster and waits for the next one's answers
              --members N         (3)
              --kills N           (5)
            catch-up adds an empty member to one with --keys (1000000)
            compaction puts before and in the compaction of --keys revisions (500000)
            disk-stall reads and puts while some fsyncs take a second; needs strace
            state measures a storage plugin's state store alone: put, get, range, open, compaction, disk
            log measures its Raft log alone, beside pwrite and fdatasync in C, in turn
            member does with a whole server what state does with a store
              --keys N            rows (1000000)
              --value-bytes N     (300)
              --batch N           rows of a commit (1000)
              --clients N         calls of a member under way at any time (256)
              --rounds N          of a log (25)
              --setting KEY=VALUE of the plugin; may be given many times
              --dir DIR, --json FILE as below
            all others
              --server-flag FLAG  passed to every server; may be given many times
              --seconds N         begins no round that would probably end later
              --dir DIR           where data directories are made (the system's temporary folder)
              --json FILE         writes the results also as JSON

            all measures what docs/performance.md shows, and makes its charts and tables
              --etcd FILE         the program to compare with
              --ours FILE         (that of the unpacked tarball)
              --seconds N         about how long it may take (1500)
              --out DIR           for results and charts (docs/performance)
              --page FILE         whose tables are made anew (docs/performance.md)
              --dir DIR           as above
            charts draws the results, report prints their tables
              --from DIR          (docs/performance)
              --into FILE         fills the page's places for tables instead of printing them
            jmh measures hot paths inside; see the README

            With two servers the first is compared with the second; rounds alternate in order.
            """;

    private Main() {}

    public static void main(String[] args) throws Exception {
        try {
            run(List.of(args));
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.println("`run` alone lists the commands and options");
            System.exit(2);
        } catch (IOException e) {
            System.err.println("failed: " + e.getMessage());
            System.exit(1);
        }
        System.exit(0);
    }

    private static void run(List<String> args) throws IOException, InterruptedException {
        if (args.isEmpty()) {
            System.err.print(USAGE);
            System.exit(2);
        }
        switch (args.getFirst()) {
            case "state", "log", "member" -> storage(args);
            case "all" -> all(args.subList(1, args.size()));
            case "charts" -> charts(PageOptions.parse(args, home()));
            case "report" -> report(PageOptions.parse(args, home()));
            default -> servers(Options.parse(args));
        }
    }

    private static void servers(Options options) throws IOException {
        double seconds = options.rounds() * options.servers().size() * options.unitSeconds();
        Report report;
        try (Progress progress = Progress.of(seconds, Double.MAX_VALUE)) {
            report = Rounds.run(options, Rounds.of(options.mode()), progress);
        }
        System.out.print(report.table());
        if (options.json().isPresent()) {
            Files.writeString(options.json().get(), report.json(Surroundings.of(options)));
        }
    }

    private static void all(List<String> args) throws IOException {
        AllRun.Order order = AllRun.Order.parse(args, home());
        List<String> missing = AllRun.run(order);
        charts(new PageOptions(order.results(), Optional.empty()));
        if (Files.exists(order.page())) {
            report(new PageOptions(order.results(), Optional.of(order.page())));
        }
        if (missing.isEmpty()) return;
        throw new IOException("not everything was measured:\n" + String.join("\n", missing));
    }

    private static void charts(PageOptions options) throws IOException {
        Charts.write(Results.in(options.from()), options.from()).forEach(System.out::println);
    }

    private static void report(PageOptions options) throws IOException {
        List<Results> all = Results.in(options.from());
        if (options.into().isPresent()) {
            Path page = options.into().get();
            List<String> charts = charts(options.from(), page);
            Files.writeString(
                    page,
                    Tables.into(
                            Files.readString(page),
                            all,
                            charts,
                            name -> System.err.println("no results for the place " + name)));
            System.out.println(page);
            return;
        }
        for (Results results : all) {
            System.out.printf("### %s%n%n%s%n", results.name(), Tables.table(List.of(results)));
        }
    }

    /** The pictures of a folder, as the page names them. */
    private static List<String> charts(Path folder, Path page) throws IOException {
        Path base = page.toAbsolutePath().normalize().getParent();
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".svg"))
                    .map(file -> base.relativize(file.toAbsolutePath().normalize()).toString())
                    .sorted()
                    .toList();
        }
    }

    /** The folder of the script that starts this tool. */
    private static Path home() {
        return Path.of(System.getProperty("quorate.benchmarks.home", "distribution/benchmarks"));
    }

    private static void storage(List<String> args) throws IOException, InterruptedException {
        StorageOptions options = StorageOptions.parse(args.subList(1, args.size()));
        Measured measured =
                switch (args.getFirst()) {
                    case "state" -> StateRun.run(options);
                    case "log" -> LogRun.run(options);
                    default -> MemberRun.run(options);
                };
        System.out.print(measured.table());
        if (options.json().isPresent()) {
            Files.writeString(options.json().get(), measured.json());
        }
    }
}
