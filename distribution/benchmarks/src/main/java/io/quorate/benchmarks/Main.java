package io.quorate.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

/** The command line of the load tool. */
public final class Main {
    private static final String USAGE =
            """
            usage: run load      --server NAME=FILE [--server NAME=FILE] [options]
                   run start     --server NAME=FILE [--server NAME=FILE] [options]
                   run watch     --server NAME=FILE [--server NAME=FILE] [options]
                   run keepalive --server NAME=FILE [--server NAME=FILE] [options]

                   run state  --backend NAME [options]
                   run log    --backend NAME [options]
                   run member --server NAME=FILE [options]

            load starts each server in turn on a fresh data directory and drives it with calls
              --workloads LIST    of put, range, serializable; in this order (default: all)
              --connections N     HTTP/2 connections (4)
              --clients N         calls under way at any time, over all connections (64)
              --key-bytes N       (16)
              --value-bytes N     (256)
              --keys N            distinct keys (10000)
              --warm-up SECONDS   not measured (5)
              --duration SECONDS  measured (10)
              --total N           measure N calls instead of a duration
              --rounds N          how often each server is started and measured (3)
            start measures the time from exec to the first answered Range, and idle memory
              --rounds N          (5)
              --idle SECONDS      before memory is read (5)
            watch puts one key and waits until every watcher has the event, again and again
              --watchers N        of that key, one stream for each connection (1000)
              --connections, --value-bytes, --warm-up, --duration, --rounds as above
            keepalive renews leases, each client on a stream of its own
              --leases N          (1000)
              --connections, --clients, --warm-up, --duration, --rounds as above
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
              --dir DIR           where data directories are made (the system's temporary folder)
              --json FILE         writes the results also as JSON

            With two servers the first is compared with the second; rounds alternate in order.
            """;

    private static final List<String> STORAGE = List.of("state", "log", "member");

    private Main() {}

    public static void main(String[] args) throws Exception {
        if (args.length > 0 && STORAGE.contains(args[0])) {
            storage(args[0], List.of(args).subList(1, args.length));
            return;
        }
        Options options;
        try {
            options = Options.parse(List.of(args));
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.print(USAGE);
            System.exit(2);
            return;
        }
        Report report =
                switch (options.mode()) {
                    case LOAD -> LoadRun.run(options);
                    case START -> StartRun.run(options);
                    case WATCH -> StreamRun.run(options, new WatchLoad(options));
                    case KEEPALIVE -> StreamRun.run(options, new KeepAliveLoad(options));
                };
        System.out.print(report.table());
        if (options.json().isPresent()) write(options, report);
        System.exit(0);
    }

    private static void storage(String command, List<String> args) throws Exception {
        StorageOptions options;
        try {
            options = StorageOptions.parse(args);
            if (command.equals("member") && options.server().isEmpty()) {
                throw new IllegalArgumentException("member needs --server NAME=FILE");
            }
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.print(USAGE);
            System.exit(2);
            return;
        }
        Measured measured =
                switch (command) {
                    case "state" -> StateRun.run(options);
                    case "log" -> LogRun.run(options);
                    default -> MemberRun.run(options);
                };
        System.out.print(measured.table());
        if (options.json().isPresent()) {
            Files.writeString(options.json().get(), measured.json());
        }
        System.exit(0);
    }

    private static void write(Options options, Report report) throws IOException {
        Files.writeString(options.json().orElseThrow(), report.json());
    }
}
