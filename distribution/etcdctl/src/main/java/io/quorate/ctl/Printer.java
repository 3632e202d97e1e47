package io.quorate.ctl;

import com.google.protobuf.Message;

import io.quorate.api.proto.AlarmResponse;
import io.quorate.api.proto.AuthRoleGetResponse;
import io.quorate.api.proto.AuthRoleListResponse;
import io.quorate.api.proto.AuthStatusResponse;
import io.quorate.api.proto.AuthUserGetResponse;
import io.quorate.api.proto.AuthUserListResponse;
import io.quorate.api.proto.DeleteRangeResponse;
import io.quorate.api.proto.DowngradeResponse;
import io.quorate.api.proto.LeaseGrantResponse;
import io.quorate.api.proto.LeaseKeepAliveResponse;
import io.quorate.api.proto.LeaseLeasesResponse;
import io.quorate.api.proto.LeaseRevokeResponse;
import io.quorate.api.proto.LeaseTimeToLiveResponse;
import io.quorate.api.proto.MemberAddResponse;
import io.quorate.api.proto.MemberListResponse;
import io.quorate.api.proto.MemberPromoteResponse;
import io.quorate.api.proto.MemberRemoveResponse;
import io.quorate.api.proto.MemberUpdateResponse;
import io.quorate.api.proto.MoveLeaderResponse;
import io.quorate.api.proto.PutResponse;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.TxnResponse;
import io.quorate.api.proto.WatchResponse;
import io.quorate.cli.Exit;
import io.quorate.cli.Terminal;

import java.util.List;

/**
 * Prints the cluster's answers in one of the output formats (CT-07). An answer that a format has no
 * words of its own for goes to {@link #other}.
 */
abstract class Printer {
    final Terminal terminal;

    Printer(Terminal terminal) {
        this.terminal = terminal;
    }

    /**
     * The printer of a format.
     *
     * @param hex whether ids (and in the simple format keys and values) are printed in hex
     * @throws Exit with code 4 for a format there is not
     */
    static Printer of(String format, boolean hex, Terminal terminal) {
        return switch (format) {
            case "simple" -> new SimplePrinter(terminal, hex);
            case "fields" -> new FieldsPrinter(terminal, hex);
            case "json" -> new JsonPrinter(terminal, hex);
            case "protobuf" -> new ProtobufPrinter(terminal);
            case "table" -> new TablePrinter(terminal);
            default -> throw new Exit(Exit.BAD_FEATURE, "unsupported output format");
        };
    }

    /** Prints an answer without more words, or refuses it. */
    abstract void other(Message answer);

    static Exit unsupported(String format) {
        return new Exit(Exit.BAD_FEATURE, format + " not supported as output format");
    }

    /** Whether lines beside the answer itself are wanted. */
    boolean isSimple() {
        return false;
    }

    boolean isFields() {
        return false;
    }

    // ---- keys

    void put(PutResponse answer) {
        other(answer);
    }

    void get(RangeResponse answer) {
        other(answer);
    }

    /** Prints the values only; refused by all formats but the simple one. */
    void values(RangeResponse answer) {
        throw Exit.badArguments("print-value-only is only for `--write-out=simple`");
    }

    void delete(DeleteRangeResponse answer) {
        other(answer);
    }

    void txn(TxnResponse answer) {
        other(answer);
    }

    void watch(WatchResponse answer) {
        other(answer);
    }

    // ---- leases

    void grant(LeaseGrantResponse answer) {
        other(answer);
    }

    void revoke(long id, LeaseRevokeResponse answer) {
        other(answer);
    }

    void keepAlive(LeaseKeepAliveResponse answer) {
        other(answer);
    }

    /**
     * Prints what is left of a lease.
     *
     * @param keys whether its keys were asked for
     */
    void timeToLive(LeaseTimeToLiveResponse answer, boolean keys) {
        other(answer);
    }

    void leases(LeaseLeasesResponse answer) {
        other(answer);
    }

    // ---- members

    void memberList(MemberListResponse answer) {
        other(answer);
    }

    void memberAdd(MemberAddResponse answer) {
        other(answer);
    }

    void memberRemove(long id, MemberRemoveResponse answer) {
        other(answer);
    }

    void memberUpdate(long id, MemberUpdateResponse answer) {
        other(answer);
    }

    void memberPromote(long id, MemberPromoteResponse answer) {
        other(answer);
    }

    abstract void health(List<Endpoints.Health> endpoints);

    abstract void status(List<Endpoints.Status> endpoints);

    abstract void hashKv(List<Endpoints.HashKv> endpoints);

    void moveLeader(long from, long to, MoveLeaderResponse answer) {
        other(answer);
    }

    /**
     * Prints what became of a downgrade.
     *
     * @param action {@code validate}, {@code enable} or {@code cancel}
     */
    void downgrade(String action, DowngradeResponse answer) {
        other(answer);
    }

    void alarm(AlarmResponse answer) {
        other(answer);
    }

    // ---- auth

    void authStatus(AuthStatusResponse answer) {
        other(answer);
    }

    /**
     * Prints a change of users or roles.
     *
     * @param said the sentence of the simple format
     */
    void changed(String said, Message answer) {
        other(answer);
    }

    void roleGet(String role, AuthRoleGetResponse answer) {
        other(answer);
    }

    void roleList(AuthRoleListResponse answer) {
        other(answer);
    }

    void userGet(String user, AuthUserGetResponse answer) {
        other(answer);
    }

    void userList(AuthUserListResponse answer) {
        other(answer);
    }
}
