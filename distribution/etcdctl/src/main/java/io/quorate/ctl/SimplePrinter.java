package io.quorate.ctl;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;

import io.quorate.api.proto.AlarmMember;
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
import io.quorate.api.proto.LeaseStatus;
import io.quorate.api.proto.LeaseTimeToLiveResponse;
import io.quorate.api.proto.MemberAddResponse;
import io.quorate.api.proto.MemberListResponse;
import io.quorate.api.proto.MemberPromoteResponse;
import io.quorate.api.proto.MemberRemoveResponse;
import io.quorate.api.proto.MemberUpdateResponse;
import io.quorate.api.proto.MoveLeaderResponse;
import io.quorate.api.proto.PutResponse;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.ResponseHeader;
import io.quorate.api.proto.ResponseOp;
import io.quorate.api.proto.TxnResponse;
import io.quorate.api.proto.WatchResponse;
import io.quorate.api.proto.auth.Permission;
import io.quorate.api.proto.mvcc.Event;
import io.quorate.api.proto.mvcc.KeyValue;
import io.quorate.cli.Bytes;
import io.quorate.cli.GoText;
import io.quorate.cli.Terminal;

import java.util.List;

/** {@code -w simple}: what people read. */
final class SimplePrinter extends Printer {
    private static final String ROOT = "root";
    private static final String EVERYTHING = "\t[, <open ended>";

    private final boolean hex;

    SimplePrinter(Terminal terminal, boolean hex) {
        super(terminal);
        this.hex = hex;
    }

    @Override
    boolean isSimple() {
        return true;
    }

    @Override
    void other(Message answer) {
        throw new IllegalStateException("no words for " + answer.getClass());
    }

    private void line(String line) {
        terminal.line(line);
    }

    // ---- keys

    private void pair(KeyValue pair) {
        bytes(pair.getKey());
        bytes(pair.getValue());
    }

    private void bytes(ByteString bytes) {
        if (hex) {
            line(hex(bytes));
        } else {
            terminal.print(bytes.toByteArray());
            terminal.print("\n");
        }
    }

    /** {@code \x66\x6f\x6f} (CT-10). */
    static String hex(ByteString bytes) {
        StringBuilder text = new StringBuilder(bytes.size() * 4);
        for (byte b : bytes) {
            text.append("\\x");
            text.append(Character.forDigit(b >> 4 & 15, 16)).append(Character.forDigit(b & 15, 16));
        }
        return text.toString();
    }

    @Override
    void put(PutResponse answer) {
        line("OK");
        if (answer.hasPrevKv()) pair(answer.getPrevKv());
    }

    @Override
    void get(RangeResponse answer) {
        for (KeyValue pair : answer.getKvsList()) pair(pair);
    }

    @Override
    void values(RangeResponse answer) {
        for (KeyValue pair : answer.getKvsList()) bytes(pair.getValue());
    }

    @Override
    void delete(DeleteRangeResponse answer) {
        line(String.valueOf(answer.getDeleted()));
        for (KeyValue pair : answer.getPrevKvsList()) pair(pair);
    }

    @Override
    void txn(TxnResponse answer) {
        line(answer.getSucceeded() ? "SUCCESS" : "FAILURE");
        for (ResponseOp operation : answer.getResponsesList()) {
            line("");
            switch (operation.getResponseCase()) {
                case RESPONSE_PUT -> put(operation.getResponsePut());
                case RESPONSE_RANGE -> get(operation.getResponseRange());
                case RESPONSE_DELETE_RANGE -> delete(operation.getResponseDeleteRange());
                case RESPONSE_TXN, RESPONSE_NOT_SET -> line("unexpected response " + operation);
            }
        }
    }

    @Override
    void watch(WatchResponse answer) {
        for (Event event : answer.getEventsList()) {
            line(event.getType().name());
            if (event.hasPrevKv()) pair(event.getPrevKv());
            pair(event.getKv());
        }
    }

    // ---- leases

    @Override
    void grant(LeaseGrantResponse answer) {
        line(lease(answer.getID()) + " granted with TTL(" + answer.getTTL() + "s)");
    }

    private static String lease(long id) {
        return "lease " + GoText.hex16(id);
    }

    @Override
    void revoke(long id, LeaseRevokeResponse answer) {
        line(lease(id) + " revoked");
    }

    @Override
    void keepAlive(LeaseKeepAliveResponse answer) {
        line(lease(answer.getID()) + " keepalived with TTL(" + answer.getTTL() + ")");
    }

    @Override
    void timeToLive(LeaseTimeToLiveResponse answer, boolean keys) {
        String lease = lease(answer.getID());
        if (answer.getGrantedTTL() == 0 && answer.getTTL() == -1) {
            line(lease + " already expired");
            return;
        }
        StringBuilder text = new StringBuilder(lease);
        text.append(" granted with TTL(").append(answer.getGrantedTTL());
        text.append("s), remaining(").append(answer.getTTL()).append("s)");
        if (keys) {
            List<String> names = answer.getKeysList().stream().map(Ranges::text).toList();
            text.append(", attached keys([").append(String.join(" ", names)).append("])");
        }
        line(text.toString());
    }

    @Override
    void leases(LeaseLeasesResponse answer) {
        line("found " + answer.getLeasesCount() + " leases");
        for (LeaseStatus lease : answer.getLeasesList()) line(GoText.hex16(lease.getID()));
    }

    // ---- members

    @Override
    void memberList(MemberListResponse answer) {
        rows(Rows.members(answer));
    }

    private void rows(List<List<String>> rows) {
        for (List<String> row : rows) line(String.join(", ", row));
    }

    @Override
    void memberAdd(MemberAddResponse answer) {
        String learner = answer.getMember().getIsLearner() ? " as learner" : "";
        line(
                member(answer.getMember().getID())
                        + " added"
                        + learner
                        + " to"
                        + cluster(answer.getHeader()));
    }

    private static String member(long id) {
        return "Member " + spaced(id);
    }

    private static String cluster(ResponseHeader header) {
        return " cluster " + spaced(header.getClusterId());
    }

    /** In hex, padded with spaces to 16 digits. */
    private static String spaced(long id) {
        String digits = Long.toHexString(id);
        return " ".repeat(16 - digits.length()) + digits;
    }

    @Override
    void memberRemove(long id, MemberRemoveResponse answer) {
        line(member(id) + " removed from" + cluster(answer.getHeader()));
    }

    @Override
    void memberUpdate(long id, MemberUpdateResponse answer) {
        line(member(id) + " updated in" + cluster(answer.getHeader()));
    }

    @Override
    void memberPromote(long id, MemberPromoteResponse answer) {
        line(member(id) + " promoted in" + cluster(answer.getHeader()));
    }

    @Override
    void health(List<Endpoints.Health> endpoints) {
        for (Endpoints.Health health : endpoints) {
            if (health.error().isEmpty()) {
                line(
                        health.endpoint()
                                + " is healthy: successfully committed proposal: took = "
                                + health.took());
            } else {
                terminal.error(
                        health.endpoint()
                                + " is unhealthy: failed to commit proposal: "
                                + health.error());
            }
        }
    }

    @Override
    void status(List<Endpoints.Status> endpoints) {
        rows(Rows.statuses(endpoints));
    }

    @Override
    void hashKv(List<Endpoints.HashKv> endpoints) {
        rows(Rows.hashes(endpoints));
    }

    @Override
    void moveLeader(long from, long to, MoveLeaderResponse answer) {
        line(
                "Leadership transferred from "
                        + Long.toHexString(from)
                        + " to "
                        + Long.toHexString(to));
    }

    @Override
    void downgrade(String action, DowngradeResponse answer) {
        line("Downgrade " + action + " success, cluster version " + answer.getVersion());
    }

    @Override
    void alarm(AlarmResponse answer) {
        for (AlarmMember alarm : answer.getAlarmsList()) line(alarm(alarm));
    }

    /** Protobuf's text form: zero fields are left out (CT-46). */
    private static String alarm(AlarmMember alarm) {
        String member =
                alarm.getMemberID() == 0
                        ? ""
                        : "memberID:" + Long.toUnsignedString(alarm.getMemberID());
        String kind = alarm.getAlarmValue() == 0 ? "" : "alarm:" + alarm.getAlarm().name();
        return member + (member.isEmpty() || kind.isEmpty() ? "" : " ") + kind;
    }

    // ---- auth

    @Override
    void authStatus(AuthStatusResponse answer) {
        line("Authentication Status: " + answer.getEnabled());
        line("AuthRevision: " + Long.toUnsignedString(answer.getAuthRevision()));
    }

    @Override
    void changed(String said, Message answer) {
        line(said);
    }

    @Override
    void roleGet(String role, AuthRoleGetResponse answer) {
        line("Role " + role);
        boolean root = role.equals(ROOT) && answer.getPermCount() == 0;
        line("KV Read:");
        if (root) line(EVERYTHING);
        permissions(answer, Permission.Type.READ);
        line("KV Write:");
        if (root) line(EVERYTHING);
        permissions(answer, Permission.Type.WRITE);
    }

    private void permissions(AuthRoleGetResponse answer, Permission.Type type) {
        for (Permission permission : answer.getPermList()) {
            Permission.Type has = permission.getPermType();
            if (has == type || has == Permission.Type.READWRITE) line("\t" + range(permission));
        }
    }

    private static String range(Permission permission) {
        String key = Ranges.text(permission.getKey());
        ByteString end = permission.getRangeEnd();
        if (end.isEmpty()) return key;
        String range =
                end.equals(Ranges.ZERO)
                        ? "[" + key + ", <open ended>"
                        : "[" + key + ", " + Ranges.text(end) + ")";
        boolean prefix = !key.isEmpty() && Ranges.prefixEnd(permission.getKey()).equals(end);
        return prefix ? range + " (prefix " + key + ")" : range;
    }

    @Override
    void roleList(AuthRoleListResponse answer) {
        for (String role : answer.getRolesList()) line(Bytes.ofText(role));
    }

    @Override
    void userGet(String user, AuthUserGetResponse answer) {
        line("User: " + user);
        StringBuilder roles = new StringBuilder("Roles:");
        for (String role : answer.getRolesList()) roles.append(' ').append(Bytes.ofText(role));
        line(roles.toString());
    }

    @Override
    void userList(AuthUserListResponse answer) {
        for (String user : answer.getUsersList()) line(Bytes.ofText(user));
    }
}
