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
            all
              --server-flag FLAG  passed to every server; may be given many times
              --dir DIR           where data directories are made (the system's temporary folder)
              --json FILE         writes the results also as JSON

            With two servers the first is compared with the second; rounds alternate in order.
            """;

    private Main() {}

    public static void main(String[] args) throws Exception {
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

    private static void write(Options options, Report report) throws IOException {
        Files.writeString(options.json().orElseThrow(), report.json());
    }
}
