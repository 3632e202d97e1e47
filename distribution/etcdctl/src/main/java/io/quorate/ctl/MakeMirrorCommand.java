package io.quorate.ctl;

import com.google.protobuf.ByteString;

import io.grpc.StatusRuntimeException;
import io.quorate.api.client.ClientConfig;
import io.quorate.api.client.Watch;
import io.quorate.api.client.WatchCanceledException;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.TxnRequest;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.WatchResponse;
import io.quorate.api.proto.mvcc.Event;
import io.quorate.api.proto.mvcc.KeyValue;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Flag;
import io.quorate.cli.FlagType;
import io.quorate.cli.FlagValues;
import io.quorate.cli.Invocation;
import io.quorate.cli.Terminal;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * {@code make-mirror}: copies keys to another cluster and follows their changes, one transaction
 * for each revision (CT-49).
 */
final class MakeMirrorCommand {
    private static final int BATCH_KEYS = 1000;
    private static final Duration REPORTS = Duration.ofSeconds(30);

    private final Cluster source;
    private final Cluster destination;
    private final ByteString prefix;
    private final ByteString destinationPrefix;
    private final long operationsMax;
    private final AtomicLong total = new AtomicLong();

    private MakeMirrorCommand(Cluster source, Cluster destination, FlagValues flags, boolean all) {
        this.source = source;
        this.destination = destination;
        this.prefix = Ranges.key(flags.text("prefix"));
        boolean same = all && !flags.on("no-dest-prefix") && flags.text("dest-prefix").isEmpty();
        this.destinationPrefix = same ? prefix : Ranges.key(flags.text("dest-prefix"));
        this.operationsMax = flags.number("max-txn-ops");
    }

    static Command command() {
        return Command.leaf(
                "make-mirror [options] <destination>",
                "Makes a mirror at the destination etcd cluster",
                MakeMirrorCommand::run,
                Flag.text("prefix", "Key-value prefix to mirror"),
                Flag.number("rev", "Specify the kv revision to start to mirror"),
                Flag.of(
                        "max-txn-ops",
                        FlagType.UINT,
                        "128",
                        "Maximum number of operations permitted in a transaction during syncing"
                                + " updates."),
                Flag.text(
                        "dest-prefix",
                        "destination prefix to mirror a prefix to a different prefix in the"
                                + " destination cluster"),
                Flag.toggle(
                        "no-dest-prefix",
                        "mirror key-values to the root of the destination cluster"),
                Flag.text(
                        "dest-cert",
                        "Identify secure client using this TLS certificate file for the"
                                + " destination cluster"),
                Flag.text("dest-key", "Identify secure client using this TLS key file"),
                Flag.text(
                        "dest-cacert",
                        "Verify certificates of TLS enabled secure servers using this CA bundle"),
                Flag.of(
                        "dest-insecure-transport",
                        FlagType.BOOL,
                        "true",
                        "Disable transport security for client connections"),
                Flag.text(
                        "dest-user",
                        "Destination username[:password] for authentication (prompt if password is"
                                + " not supplied)"),
                Flag.text(
                        "dest-password",
                        "Destination password for authentication (if this option is used, --user"
                                + " option shouldn't include password)"));
    }

    private static void run(Invocation call) {
        if (call.arguments().size() != 1) {
            throw Exit.badArguments("make-mirror takes one destination argument");
        }
        FlagValues flags = call.flags();
        Optional<ClientConfig.Credentials> credentials =
                Credentials.of(
                        flags.text("dest-user"),
                        flags.text("dest-password"),
                        "Destination Password: ",
                        call.terminal());
        Session session = Session.open(call);
        Session.TlsFiles files =
                new Session.TlsFiles(
                        flags.text("dest-cert"),
                        flags.text("dest-key"),
                        flags.text("dest-cacert"),
                        !flags.on("dest-insecure-transport"),
                        false,
                        "");
        ClientConfig destination =
                session.configOf(call.arguments().getFirst(), files, credentials);
        if (flags.on("no-dest-prefix") && !flags.text("dest-prefix").isEmpty()) {
            throw Exit.badArguments(
                    "`--dest-prefix` and `--no-dest-prefix` cannot be set at the same time, choose"
                            + " one");
        }
        try (Cluster from = session.patientCluster();
                Cluster to = session.patientCluster(destination)) {
            long after = Math.max(0, flags.number("rev") - 1);
            MakeMirrorCommand mirror = new MakeMirrorCommand(from, to, flags, after == 0);
            mirror.reportTo(call.terminal());
            mirror.run(after);
        }
    }

    /** Prints how many changes were made, now and then, until the process ends. */
    private void reportTo(Terminal terminal) {
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        while (true) {
                            Thread.sleep(REPORTS);
                            terminal.line(String.valueOf(total.get()));
                            terminal.flush();
                        }
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
    }

    /**
     * Copies and follows.
     *
     * @param after the revision whose successors are wanted; 0 to copy all keys first
     */
    private void run(long after) {
        long revision = after == 0 ? copyAll() : after;
        WatchCreateRequest changes =
                WatchCreateRequest.newBuilder()
                        .setKey(first())
                        .setRangeEnd(end())
                        .setStartRevision(revision + 1)
                        .build();
        try (Watch watch = source.client().watch(changes)) {
            for (Optional<WatchResponse> answer = watch.next();
                    answer.isPresent();
                    answer = watch.next()) {
                follow(answer.get());
            }
        } catch (WatchCanceledException e) {
            throw new Exit(Exit.ERROR, e.getMessage());
        } catch (StatusRuntimeException e) {
            throw new CallFailure(e.getStatus());
        }
    }

    private ByteString first() {
        return prefix.isEmpty() ? Ranges.ZERO : prefix;
    }

    private ByteString end() {
        return prefix.isEmpty() ? Ranges.ZERO : Ranges.prefixEnd(prefix);
    }

    /** Copies the keys as they are at one revision, which it returns. */
    private long copyAll() {
        RangeRequest any = RangeRequest.newBuilder().setKey(first()).setLimit(1).build();
        long revision = source.read(KVGrpc.getRangeMethod(), any).getHeader().getRevision();
        RangeRequest.Builder batch =
                RangeRequest.newBuilder()
                        .setKey(first())
                        .setRangeEnd(end())
                        .setLimit(BATCH_KEYS)
                        .setRevision(revision);
        RangeResponse answer;
        do {
            answer = source.read(KVGrpc.getRangeMethod(), batch.build());
            for (KeyValue pair : answer.getKvsList()) {
                destination.write(
                        KVGrpc.getPutMethod(),
                        PutRequest.newBuilder()
                                .setKey(renamed(pair.getKey()))
                                .setValue(pair.getValue())
                                .build());
                total.incrementAndGet();
                batch.setKey(pair.getKey().concat(Ranges.ZERO));
            }
        } while (answer.getMore());
        return revision;
    }

    private ByteString renamed(ByteString key) {
        return destinationPrefix.concat(key.substring(prefix.size()));
    }

    /** An answer may hold several revisions, and a revision more than a transaction may. */
    private void follow(WatchResponse answer) {
        TxnRequest.Builder changes = TxnRequest.newBuilder();
        long revision = 0;
        for (Event event : answer.getEventsList()) {
            long next = event.getKv().getModRevision();
            boolean full = changes.getSuccessCount() == operationsMax;
            if (revision != 0 && next > revision || full) commit(changes);
            revision = next;
            changes.addSuccess(operation(event));
            total.incrementAndGet();
        }
        commit(changes);
    }

    private RequestOp operation(Event event) {
        ByteString key = renamed(event.getKv().getKey());
        return switch (event.getType()) {
            case PUT ->
                    RequestOp.newBuilder()
                            .setRequestPut(
                                    PutRequest.newBuilder()
                                            .setKey(key)
                                            .setValue(event.getKv().getValue()))
                            .build();
            case DELETE ->
                    RequestOp.newBuilder()
                            .setRequestDeleteRange(DeleteRangeRequest.newBuilder().setKey(key))
                            .build();
            case UNRECOGNIZED -> throw new Exit(Exit.ERROR, "unexpected event type in " + event);
        };
    }

    private void commit(TxnRequest.Builder changes) {
        if (changes.getSuccessCount() == 0) return;
        destination.write(KVGrpc.getTxnMethod(), changes.build());
        changes.clearSuccess();
    }
}
