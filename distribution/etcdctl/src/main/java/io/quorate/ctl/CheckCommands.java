package io.quorate.ctl;

import com.google.protobuf.ByteString;

import io.grpc.StatusRuntimeException;
import io.quorate.api.client.ClientConfig;
import io.quorate.api.client.Retry;
import io.quorate.api.client.Tls;
import io.quorate.api.proto.CompactionRequest;
import io.quorate.api.proto.DefragmentRequest;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.DeleteRangeResponse;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.cli.Bytes;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Flag;
import io.quorate.cli.FlagType;
import io.quorate.cli.FlagValues;
import io.quorate.cli.GoText;
import io.quorate.cli.Invocation;
import io.quorate.cli.Terminal;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import javax.net.ssl.HttpsURLConnection;

/** {@code check perf} and {@code check datascale} (CT-56, CT-57). */
final class CheckCommands {
    private static final int PERF_SECONDS = 60;
    private static final Duration CLEAN_UP = Duration.ofSeconds(30);
    private static final String MEMORY = "process_resident_memory_bytes";

    /** Below this part of the wanted writes a second the cluster fails. */
    private static final double THROUGHPUT_MIN = 0.9;

    private static final double SLOWEST_SECONDS_MAX = 0.5;
    private static final double DEVIATION_SECONDS_MAX = 0.1;

    private CheckCommands() {}

    static Command command() {
        return Command.parent(
                "check <subcommand>",
                "commands for checking properties of the etcd cluster. Use `etcdctl check --help`"
                        + " to see subcommands",
                "commands for checking properties of the etcd cluster",
                Command.leaf(
                        "perf [options]",
                        "Check the performance of the etcd cluster",
                        CheckCommands::perf,
                        flags(
                                "The performance check's workload model. Accepted workloads:"
                                        + " s(small), m(medium), l(large), xl(xLarge). Different"
                                        + " workload models use different configurations in terms"
                                        + " of number of clients and expected throughput.",
                                "/etcdctl-check-perf/",
                                "The prefix for writing the performance check's keys.",
                                "small",
                                "medium",
                                "large",
                                "xLarge")),
                Command.leaf(
                                "datascale [options]",
                                "Check the memory usage of holding data for different workloads on"
                                        + " a given server endpoint.",
                                CheckCommands::datascale,
                                flags(
                                        "The datascale check's workload model. Accepted workloads:"
                                                + " s(small), m(medium), l(large), xl(xLarge)",
                                        "/etcdctl-check-datascale/",
                                        "The prefix for writing the datascale check's keys."))
                        .withDescription(
                                "If no endpoint is provided, localhost will be used. If multiple"
                                        + " endpoints are provided, first endpoint will be used."));
    }

    private static Flag[] flags(
            String loadUsage, String prefix, String prefixUsage, String... choices) {
        return new Flag[] {
            Flag.of("load", FlagType.STRING, "s", loadUsage).withChoices(choices),
            Flag.of("prefix", FlagType.STRING, prefix, prefixUsage),
            Flag.toggle(
                    "auto-compact", "Compact storage with last revision after test is finished."),
            Flag.toggle("auto-defrag", "Defragment storage after test is finished.")
        };
    }

    /**
     * How much is asked of the cluster.
     *
     * @param clients connections, each with one call at a time
     * @param perSecond writes a second that {@code perf} makes
     * @param keys keys that {@code datascale} writes
     */
    private enum Load {
        SMALL(50, 150, 10_000),
        MEDIUM(200, 1_000, 100_000),
        LARGE(500, 8_000, 1_000_000),
        X_LARGE(1_000, 15_000, 3_000_000);

        private final int clients;
        private final int perSecond;
        private final int keys;

        Load(int clients, int perSecond, int keys) {
            this.clients = clients;
            this.perSecond = perSecond;
            this.keys = keys;
        }

        static Load of(FlagValues flags) {
            String name = flags.text("load");
            return switch (name) {
                case "s", "small" -> SMALL;
                case "m", "medium" -> MEDIUM;
                case "l", "large" -> LARGE;
                case "xl", "xLarge" -> X_LARGE;
                default -> throw new Exit(Exit.BAD_FEATURE, "unknown load option " + name);
            };
        }
    }

    // ---- what both do

    /** Where writes come from: each client takes the next one, or ends when there is none. */
    private interface Writes {
        Optional<PutRequest> next();
    }

    private static Measurements write(
            Session session, Load load, Writes writes, Runnable afterEach) {
        Measurements measured = new Measurements();
        List<Cluster> clients = new ArrayList<>();
        for (int i = 0; i < load.clients; i++) clients.add(session.patientCluster());
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Cluster client : clients) {
                threads.execute(() -> write(client, writes, measured, afterEach));
            }
        }
        clients.forEach(Cluster::close);
        return measured;
    }

    private static void write(
            Cluster client, Writes writes, Measurements measured, Runnable afterEach) {
        for (Optional<PutRequest> put = writes.next(); put.isPresent(); put = writes.next()) {
            long start = System.nanoTime();
            try {
                client.client().call(KVGrpc.getPutMethod(), put.get(), Retry.UNSENT_ONLY);
                measured.succeeded((System.nanoTime() - start) / 1e9);
            } catch (StatusRuntimeException e) {
                measured.failed(new CallFailure(e.getStatus()).getMessage());
            }
            afterEach.run();
        }
    }

    private static void refuseOldKeys(Cluster cluster, String prefix, String quote) {
        ByteString key = Ranges.key(prefix);
        RangeRequest any =
                RangeRequest.newBuilder()
                        .setKey(key)
                        .setRangeEnd(Ranges.prefixEnd(key))
                        .setLimit(1)
                        .build();
        if (cluster.read(KVGrpc.getRangeMethod(), any).getKvsCount() > 0) {
            throw new Exit(
                    Exit.INVALID_INPUT,
                    "prefix "
                            + GoText.quote(prefix)
                            + " has keys. Delete with "
                            + quote
                            + "etcdctl del --prefix "
                            + prefix
                            + quote
                            + " first");
        }
    }

    /** A key of a random number behind the prefix, always as long. */
    private static ByteString key(ByteString prefix, int bytes, SplittableRandom random) {
        byte[] name = new byte[bytes];
        long number = random.nextLong(Long.MAX_VALUE);
        for (int i = 0; number != 0; i++) {
            name[i] = (byte) (number & 0x7f | 0x80);
            number >>>= 7;
        }
        return prefix.concat(ByteString.copyFrom(name));
    }

    private static DeleteRangeResponse delete(Cluster cluster, String prefix) {
        ByteString key = Ranges.key(prefix);
        return cluster.write(
                KVGrpc.getDeleteRangeMethod(),
                DeleteRangeRequest.newBuilder()
                        .setKey(key)
                        .setRangeEnd(Ranges.prefixEnd(key))
                        .build());
    }

    private static void compact(Cluster cluster, long revision, Terminal terminal) {
        terminal.line("Compacting with revision " + revision);
        cluster.write(
                KVGrpc.getCompactMethod(),
                CompactionRequest.newBuilder().setRevision(revision).setPhysical(true).build());
        terminal.line("Compacted with revision " + revision);
    }

    private static void defragment(Session session) {
        for (String endpoint : session.endpoints()) {
            session.terminal().line("Defragmenting " + GoText.quote(endpoint));
            try (Cluster member = session.member(endpoint)) {
                member.write(
                        MaintenanceGrpc.getDefragmentMethod(),
                        DefragmentRequest.getDefaultInstance());
            }
            session.terminal().line("Defragmented " + GoText.quote(endpoint));
        }
    }

    private static Cluster cleaner(Session session) {
        ClientConfig config = session.config();
        return new Cluster(
                config.withTimeouts(config.connectTimeout(), CLEAN_UP),
                session.terminal(),
                Session.LOGGER);
    }

    private static boolean printFailures(Measurements.Summary summary, Terminal terminal) {
        if (summary.failures().isEmpty()) return false;
        terminal.line("FAIL: too many errors");
        summary.failures()
                .forEach((reason, count) ->
                        terminal.line("FAIL: ERROR(" + reason + ") -> " + count));
        return true;
    }

    private static String decimals(int count, double value) {
        return String.format(Locale.ROOT, "%." + count + "f", value);
    }

    // ---- perf

    /** Writes at a steady pace for a minute. */
    private static final class PacedWrites implements Writes {
        private final ByteString prefix;
        private final ByteString value = ByteString.copyFrom(new byte[1024]);
        private final long intervalNanos;
        private final long endNanos;
        private final AtomicBoolean interrupted;
        private final SplittableRandom random = new SplittableRandom();
        private long nextNanos = System.nanoTime();

        PacedWrites(String prefix, Load load, AtomicBoolean interrupted) {
            this.prefix = Ranges.key(prefix);
            this.intervalNanos = 1_000_000_000L / load.perSecond;
            this.endNanos = nextNanos + Duration.ofSeconds(PERF_SECONDS).toNanos();
            this.interrupted = interrupted;
        }

        @Override
        public Optional<PutRequest> next() {
            long due;
            ByteString key;
            synchronized (this) {
                // Who comes late is not made up for: the pace is an upper bound.
                nextNanos = Math.max(nextNanos + intervalNanos, System.nanoTime() - intervalNanos);
                due = nextNanos;
                key = key(prefix, 256, random);
            }
            while (due - System.nanoTime() > 0) {
                if (interrupted.get() || due - endNanos >= 0) return Optional.empty();
                LockSupport.parkNanos(due - System.nanoTime());
            }
            if (interrupted.get() || System.nanoTime() - endNanos >= 0) return Optional.empty();
            return Optional.of(PutRequest.newBuilder().setKey(key).setValue(value).build());
        }
    }

    private static void perf(Invocation call) {
        Load load = Load.of(call.flags());
        String prefix = call.flags().text("prefix");
        Session session = Session.open(call);
        Terminal terminal = call.terminal();
        AtomicBoolean interrupted = new AtomicBoolean();
        Signals.onEnd(() -> interrupted.set(true));
        try (Cluster cluster = cleaner(session)) {
            refuseOldKeys(cluster, prefix, "'");
            ProgressBar bar = new ProgressBar(terminal, PERF_SECONDS);
            Thread ticker = Thread.ofVirtual().start(() -> eachSecond(bar));
            Measurements.Summary summary =
                    write(session, load, new PacedWrites(prefix, load, interrupted), () -> {})
                            .summary();
            ticker.interrupt();
            bar.finish();
            cleanUp(cluster, prefix, call.flags().on("auto-compact"), terminal);
            if (call.flags().on("auto-defrag")) defragment(session);
            judge(summary, load, terminal);
        }
    }

    private static void eachSecond(ProgressBar bar) {
        try {
            for (int second = 0; second < PERF_SECONDS; second++) {
                Thread.sleep(Duration.ofSeconds(1));
                bar.step();
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    private static void cleanUp(
            Cluster cluster, String prefix, boolean compact, Terminal terminal) {
        long revision;
        try {
            revision = delete(cluster, prefix).getHeader().getRevision();
        } catch (CallFailure e) {
            terminal.line(
                    "FAIL: Cleanup failed during key deletion: ERROR(" + e.getMessage() + ")");
            return;
        }
        if (compact) compact(cluster, revision, terminal);
    }

    private static void judge(Measurements.Summary summary, Load load, Terminal terminal) {
        boolean passed = !printFailures(summary, terminal);
        int writes = (int) summary.perSecond() + 1;
        if (summary.perSecond() / load.perSecond <= THROUGHPUT_MIN) {
            terminal.line("FAIL: Throughput too low: " + writes + " writes/s");
            passed = false;
        } else {
            terminal.line("PASS: Throughput is " + writes + " writes/s");
        }
        String slowest = decimals(6, summary.slowest()) + "s";
        if (summary.slowest() > SLOWEST_SECONDS_MAX) {
            terminal.line("Slowest request took too long: " + slowest);
            passed = false;
        } else {
            terminal.line("PASS: Slowest request took " + slowest);
        }
        String deviation = decimals(6, summary.deviation()) + "s";
        if (summary.deviation() > DEVIATION_SECONDS_MAX) {
            terminal.line("Stddev too high: " + deviation);
            passed = false;
        } else {
            terminal.line("PASS: Stddev is " + deviation);
        }
        terminal.line(passed ? "PASS" : "FAIL");
        if (!passed) throw Exit.silently(Exit.ERROR);
    }

    // ---- datascale

    private static void datascale(Invocation call) {
        Load load = Load.of(call.flags());
        String prefix = call.flags().text("prefix");
        Session session = Session.open(call);
        Terminal terminal = call.terminal();
        String endpoint = session.endpoints().getFirst();
        try (Cluster cluster = session.patientCluster()) {
            refuseOldKeys(cluster, prefix, "");
            double before = memory(session, endpoint, "before");
            terminal.line(
                    "Start data scale check for work load ["
                            + load.keys
                            + " key-value pairs, 1024 bytes per key-value, "
                            + load.clients
                            + " concurrent clients].");
            terminal.flush();
            Measurements.Summary summary = fill(session, load, prefix);
            double after = memory(session, endpoint, "after");
            long revision = delete(cluster, prefix).getHeader().getRevision();
            if (call.flags().on("auto-compact")) compact(cluster, revision, terminal);
            if (call.flags().on("auto-defrag")) defragment(session);
            if (printFailures(summary, terminal)) throw Exit.silently(Exit.ERROR);
            terminal.line(
                    "PASS: Approximate system memory used : "
                            + decimals(2, (after - before) / (1024 * 1024))
                            + " MB.");
        }
    }

    private static Measurements.Summary fill(Session session, Load load, String prefix) {
        ByteString start = Ranges.key(prefix);
        ByteString value = ByteString.copyFrom(new byte[512]);
        AtomicLong left = new AtomicLong(load.keys);
        SplittableRandom random = new SplittableRandom();
        Writes writes =
                () -> {
                    if (left.getAndDecrement() <= 0) return Optional.empty();
                    ByteString key;
                    synchronized (random) {
                        key = key(start, 512, random);
                    }
                    return Optional.of(PutRequest.newBuilder().setKey(key).setValue(value).build());
                };
        ProgressBar bar = new ProgressBar(session.terminal(), load.keys);
        Measurements measured = write(session, load, writes, bar::step);
        bar.finish();
        return measured.summary();
    }

    /**
     * The member's memory in bytes, from its metrics.
     *
     * @param when for the message
     */
    private static double memory(Session session, String endpoint, String when) {
        try {
            Optional<Double> bytes = readMemory(session, endpoint);
            if (bytes.isPresent()) return bytes.get();
            session.terminal().line("could not find: " + MEMORY);
        } catch (IOException | GeneralSecurityException e) {
            session.terminal().line("fetch error: " + Bytes.ofText(String.valueOf(e.getMessage())));
        }
        session.terminal()
                .line("FAIL: Could not read " + MEMORY + " " + when + " the put operations.");
        throw Exit.silently(Exit.ERROR);
    }

    private static Optional<Double> readMemory(Session session, String endpoint)
            throws IOException, GeneralSecurityException {
        String base = endpoint.contains("://") ? endpoint : "http://" + endpoint;
        var connection =
                (HttpURLConnection)
                        URI.create(Bytes.toText(base) + "/metrics").toURL().openConnection();
        Optional<Tls> tls = session.config().tls();
        if (connection instanceof HttpsURLConnection secure && tls.isPresent()) {
            secure.setSSLSocketFactory(tls.get().context().getSocketFactory());
            if (tls.get().insecureSkipVerify()) secure.setHostnameVerifier((host, any) -> true);
        }
        try (InputStream body = connection.getInputStream()) {
            return new String(body.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> line.startsWith(MEMORY))
                    .findFirst()
                    .map(line -> Double.parseDouble(line.substring(MEMORY.length()).strip()));
        } finally {
            connection.disconnect();
        }
    }
}
