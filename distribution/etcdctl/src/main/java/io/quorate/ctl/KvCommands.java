package io.quorate.ctl;

import io.quorate.api.client.ResponseStream;
import io.quorate.api.proto.CompactionRequest;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.RangeStreamResponse;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Flag;
import io.quorate.cli.GoText;
import io.quorate.cli.GoText.BadValue;
import io.quorate.cli.Invocation;

import java.util.Optional;

/** {@code get}, {@code put}, {@code del}, {@code compaction}. */
final class KvCommands {
    private static final String PUT_DESCRIPTION =
            """

            Puts the given key into the store.

            When <value> begins with '-', <value> is interpreted as a flag.
            Insert '--' for workaround:

            $ put <key> -- <value>
            $ put -- <key> <value>

            If <value> isn't given as a command line argument and '--ignore-value' is not specified,
            this command tries to read the value from standard input.

            If <lease> isn't given as a command line argument and '--ignore-lease' is not specified,
            this command tries to read the value from standard input.

            For example,
            $ cat file | put <key>
            will store the content of the file to <key>.
            """;

    private KvCommands() {}

    static Command get() {
        return Command.leaf(
                "get [options] <key> [range_end]",
                "Gets the key or a range of keys",
                KvCommands::get,
                KvRequests.GET_FLAGS);
    }

    static Command put() {
        return Command.leaf(
                        "put [options] <key> <value> (<value> can also be given from stdin)",
                        "Puts the given key into the store",
                        KvCommands::put,
                        KvRequests.PUT_FLAGS)
                .withDescription(PUT_DESCRIPTION);
    }

    static Command delete() {
        return Command.leaf(
                "del [options] <key> [range_end]",
                "Removes the specified key or range of keys [key, range_end)",
                KvCommands::delete,
                KvRequests.DELETE_FLAGS);
    }

    static Command compaction() {
        return Command.leaf(
                "compaction [options] <revision>",
                "Compacts the event history in etcd",
                KvCommands::compact,
                Flag.toggle(
                        "physical",
                        "'true' to wait for compaction to physically remove all old revisions"));
    }

    private static void get(Invocation call) {
        RangeRequest request = KvRequests.get(call.arguments(), call.flags());
        Session session = Session.open(call);
        RangeResponse answer;
        try (Cluster cluster = session.cluster()) {
            answer =
                    call.flags().on("stream")
                            ? streamed(cluster, session, request)
                            : cluster.read(KVGrpc.getRangeMethod(), request);
        }
        if (request.getCountOnly() && !session.printer().isFields()) {
            throw Exit.badArguments("--count-only is only for `--write-out=fields`");
        }
        if (call.flags().on("print-value-only")) session.printer().values(answer);
        else session.printer().get(answer);
    }

    /** Puts the parts of a streamed range together. */
    private static RangeResponse streamed(Cluster cluster, Session session, RangeRequest request) {
        RangeResponse.Builder whole = RangeResponse.newBuilder();
        try (ResponseStream<RangeStreamResponse> parts =
                cluster.stream(KVGrpc.getRangeStreamMethod(), request, session.timeout())) {
            for (Optional<RangeStreamResponse> part = cluster.next(parts);
                    part.isPresent();
                    part = cluster.next(parts)) {
                whole.mergeFrom(part.get().getRangeResponse());
            }
        }
        return whole.build();
    }

    private static void put(Invocation call) {
        PutRequest request = KvRequests.put(call.arguments(), call.flags(), call.terminal());
        Session session = Session.open(call);
        try (Cluster cluster = session.cluster()) {
            session.printer().put(cluster.write(KVGrpc.getPutMethod(), request));
        }
    }

    private static void delete(Invocation call) {
        DeleteRangeRequest request =
                KvRequests.delete(call.arguments(), call.flags(), call.terminal());
        Session session = Session.open(call);
        try (Cluster cluster = session.cluster()) {
            session.printer().delete(cluster.write(KVGrpc.getDeleteRangeMethod(), request));
        }
    }

    private static void compact(Invocation call) {
        if (call.arguments().size() != 1) {
            throw Exit.badArguments("compaction command needs 1 argument");
        }
        long revision;
        try {
            revision = GoText.parseInt(call.arguments().getFirst(), 10);
        } catch (BadValue e) {
            throw new Exit(Exit.ERROR, e.getMessage());
        }
        CompactionRequest request =
                CompactionRequest.newBuilder()
                        .setRevision(revision)
                        .setPhysical(call.flags().on("physical"))
                        .build();
        try (Cluster cluster = Session.open(call).cluster()) {
            cluster.write(KVGrpc.getCompactMethod(), request);
        }
        call.terminal().line("compacted revision " + revision);
    }
}
