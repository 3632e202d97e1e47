package io.quorate.checks;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;

import io.quorate.api.proto.DeleteRangeResponse;
import io.quorate.api.proto.MemberListResponse;
import io.quorate.api.proto.PutResponse;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.TxnResponse;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An etcdctl and what of its output must be the same for two servers.
 *
 * <p>Two right servers differ, and only these are put aside: the raft term; the raft index and the
 * applied index; the sizes of the database; the patch number of the server's version; the
 * endpoint's port and folder; how long something took; the id that a server picks for a lease and
 * the lease's remaining TTL; and in the client's own log lines the time and the address of its
 * connection, and the stack of one that panics. Cluster and member ids are compared: the servers
 * are given the same name, peer URL and token, from which the ids follow (rows ID-01, ID-02).
 */
record Etcdctl(String version, Path executable) {

    /** Exit code, standard output and standard error, made comparable. */
    Exec.Outcome run(Member member, String format, List<String> words, String stdin) {
        List<String> command = new ArrayList<>();
        command.add(executable.toString());
        command.add("--endpoints=" + member.endpoint());
        if (!format.equals("simple")) command.add("--write-out=" + format);
        command.addAll(words);
        Exec.Outcome raw = Exec.run(command, environment(), stdin);
        String out =
                format.equals("protobuf") && raw.exit() == 0
                        ? decoded(words.getFirst(), raw.out()).orElse(raw.out())
                        : raw.out();
        return new Exec.Outcome(
                raw.exit(), comparable(member, format, out), comparable(member, format, raw.err()));
    }

    private Map<String, String> environment() {
        return version.equals("3.4") ? Map.of("ETCDCTL_API", "3") : Map.of();
    }

    /** The message that {@code -w protobuf} wrote, as text without the raft term. */
    private static Optional<String> decoded(String command, String out) {
        byte[] bytes = out.getBytes(StandardCharsets.ISO_8859_1);
        try {
            Optional<Message> message =
                    switch (command) {
                        case "get" -> Optional.of(RangeResponse.parseFrom(bytes));
                        case "put" -> Optional.of(PutResponse.parseFrom(bytes));
                        case "del" -> Optional.of(DeleteRangeResponse.parseFrom(bytes));
                        case "txn" -> Optional.of(TxnResponse.parseFrom(bytes));
                        case "member" -> Optional.of(MemberListResponse.parseFrom(bytes));
                        default -> Optional.empty();
                    };
            return message.map(
                    decoded -> Answer.print(decoded).replaceAll("raft_term: \\d+", "raft_term: N"));
        } catch (InvalidProtocolBufferException e) {
            return Optional.empty();
        }
    }

    /**
     * Standard error without what only one of the two kinds can tell: a Go program its connection
     * and stack (the peer, the balancer's last words, the stack of a fatal log line), ours that it
     * is in a new place.
     */
    static String withoutInternals(String errors) {
        return errors.replaceAll("etcdctl: recording the start-up cache .*\\R", "")
                .replaceAll("\"peer\":\"[^\"]*\",", "")
                .replaceAll("(code = DeadlineExceeded desc = )(\\\\\"|[^\"])*", "$1…")
                .replaceAll(",\"stacktrace\":\"(\\\\.|[^\"])*\"", "");
    }

    private static String comparable(Member member, String format, String text) {
        String same = text.replace(member.endpoint(), "ENDPOINT");
        same = same.replace(member.folder().toString(), "FOLDER");
        same = same.replaceAll("lease [0-9a-f]{16} granted", "lease ID granted");
        same = same.replaceAll("\"(ts|target|caller)\":\"[^\"]*\"", "\"$1\":\"…\"");
        same = same.replaceAll("(\"raft_?term\"|\"RaftTerm\") ?: ?\\d+", "$1:N");
        same =
                same.replaceAll(
                        "(\"raft(Applied)?Index\"|\"Raft(Applied)?Index\") ?: ?\\d+", "$1:N");
        same = same.replaceAll("(\"dbSize(InUse)?\"|\"DBSize(InUse)?\") ?: ?\\d+", "$1:N");
        same = same.replaceAll("\\b\\d+(\\.\\d+)? ([kM]?B)\\b", "SIZE");
        same = same.replaceAll("\\b\\d+%", "N%");
        // Of endpoint status: is leader, is learner, raft term, raft index, applied index.
        same =
                same.replaceAll(
                        "((true|false)[ |│,âÂ\u0080-\u00bf]+){2}(\\d+[ |│,âÂ\u0080-\u00bf]+){3}",
                        "RAFT ");
        same = same.replaceAll("\\b3\\.7\\.\\d+", "3.7.N");
        same = same.replaceAll("(took = |took )[\\d.]+(ns|µs|Âµs|ms|s)", "$1TIME");
        same = same.replaceAll("\"(took|Took)\" ?: ?\"?[^\",\n]*\"?", "\"$1\":TIME");
        same = same.replaceAll("LocalAddr: '[^']*'", "LocalAddr: '…'");
        same = same.replaceAll("remaining\\(\\d+s\\)", "remaining(N)");
        same = same.replaceAll("(\"ttl\"|\"TTL\") ?: ?\\d+", "$1:N");
        same = same.replaceAll("(?s)\ngoroutine \\d+.*", "\n(stack)");
        if (!format.equals("table")) return same;
        same = same.replaceAll("[\\d.]+(µs|Âµs|ms)\\b", "TIME");
        // A cell is as wide as its widest value; its border is '-' or the three bytes of U+2500.
        return same.replaceAll("(\u00e2\u0094\u0080)+", "-")
                .replaceAll("-+", "-")
                .replaceAll(" +", " ");
    }
}
