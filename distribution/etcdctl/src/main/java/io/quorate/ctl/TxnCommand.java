package io.quorate.ctl;

import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.TxnRequest;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.Flag;
import io.quorate.cli.Invocation;
import io.quorate.cli.Program;
import io.quorate.cli.Terminal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code txn}: reads conditions, requests for when they hold, and requests for when not; an empty
 * line ends each part (CT-23 to CT-25).
 */
final class TxnCommand {
    private static final String DESCRIPTION =
            """
            Txn reads multiple etcd requests from standard input and applies them as a single atomic transaction.

            A transaction consists of three components:
            1) a list of conditions,
            2) a list of requests to apply if all the conditions are true,
            3) a list of requests to apply if any condition is false.

            Example interactive stdin usage:

            ---
            etcdctl txn -i
            # compares:
            mod("key1") > "0"

            # success requests (get, put, delete):
            put key1 "overwrote-key1"

            # failure requests (get, put, delete):
            put key1 "created-key1"
            put key2 "some extra key"
            ---

            Refer to https://github.com/etcd-io/etcd/blob/main/etcdctl/README.md#txn-options.\
            """;

    private final Terminal terminal;
    private final boolean prompts;

    /** Where the line that is read just now leaves its request. */
    private Optional<RequestOp> read = Optional.empty();

    private TxnCommand(Invocation call) {
        this.terminal = call.terminal();
        this.prompts = call.flags().on("interactive");
    }

    static Command command() {
        return Command.leaf(
                        "txn [options]",
                        "Txn processes all the requests in one transaction",
                        TxnCommand::run,
                        Flag.toggle("interactive", "Input transaction in interactive mode")
                                .withLetter("i"))
                .withDescription(DESCRIPTION);
    }

    private static void run(Invocation call) {
        if (!call.arguments().isEmpty()) {
            throw Exit.badArguments("txn command does not accept argument");
        }
        Session session = Session.open(call);
        TxnRequest request = new TxnCommand(call).readRequest();
        try (Cluster cluster = session.patientCluster()) {
            boolean reads = onlyReads(request);
            session.printer()
                    .txn(
                            reads
                                    ? cluster.read(KVGrpc.getTxnMethod(), request)
                                    : cluster.write(KVGrpc.getTxnMethod(), request));
        }
    }

    private static boolean onlyReads(TxnRequest request) {
        List<RequestOp> all = new ArrayList<>(request.getSuccessList());
        all.addAll(request.getFailureList());
        return all.stream().allMatch(RequestOp::hasRequestRange);
    }

    private TxnRequest readRequest() {
        TxnRequest.Builder request = TxnRequest.newBuilder();
        prompt("compares:");
        for (String line = line(); !line.isEmpty(); line = line()) {
            request.addCompare(CompareText.parse(line));
        }
        Program lines = requestLines();
        prompt("success requests (get, put, del):");
        for (String line = line(); !line.isEmpty(); line = line()) {
            request.addSuccess(request(lines, line));
        }
        prompt("failure requests (get, put, del):");
        for (String line = line(); !line.isEmpty(); line = line()) {
            request.addFailure(request(lines, line));
        }
        return request.build();
    }

    private void prompt(String text) {
        if (!prompts) return;
        terminal.line(text);
        terminal.flush();
    }

    private String line() {
        try {
            return terminal.readLine()
                    .orElseThrow(() -> new Exit(Exit.INVALID_INPUT, "EOF"))
                    .strip();
        } catch (IOException e) {
            throw new Exit(Exit.INVALID_INPUT, String.valueOf(e.getMessage()));
        }
    }

    /** The commands of a transaction: they leave a request instead of making a call. */
    private Program requestLines() {
        Command put =
                Command.leaf(
                        KvCommands.put().use(),
                        "",
                        call ->
                                leave(
                                        RequestOp.newBuilder()
                                                .setRequestPut(
                                                        KvRequests.put(
                                                                call.arguments(),
                                                                call.flags(),
                                                                terminal))),
                        KvRequests.PUT_FLAGS);
        Command get =
                Command.leaf(
                        KvCommands.get().use(),
                        "",
                        call ->
                                leave(
                                        RequestOp.newBuilder()
                                                .setRequestRange(
                                                        KvRequests.get(
                                                                call.arguments(), call.flags()))),
                        KvRequests.GET_FLAGS);
        Command delete =
                Command.leaf(
                        KvCommands.delete().use(),
                        "",
                        call ->
                                leave(
                                        RequestOp.newBuilder()
                                                .setRequestDeleteRange(
                                                        KvRequests.delete(
                                                                call.arguments(),
                                                                call.flags(),
                                                                terminal))),
                        KvRequests.DELETE_FLAGS);
        return new Program(
                Command.parent("", "", "", put, get, delete), List.of(), "", terminal, Map.of());
    }

    private void leave(RequestOp.Builder request) {
        read = Optional.of(request.build());
    }

    private RequestOp request(Program lines, String line) {
        List<String> words = Words.split(line);
        if (words.size() < 2) {
            throw new Exit(Exit.INVALID_INPUT, "invalid txn compare request: " + line);
        }
        read = Optional.empty();
        lines.runLine(words);
        return read.orElseThrow(() -> new Exit(Exit.INVALID_INPUT, "invalid txn request: " + line));
    }
}
