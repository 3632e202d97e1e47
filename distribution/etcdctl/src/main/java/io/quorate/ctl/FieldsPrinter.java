package io.quorate.ctl;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;

import io.quorate.api.proto.AlarmMember;
import io.quorate.api.proto.AlarmResponse;
import io.quorate.api.proto.AuthRoleGetResponse;
import io.quorate.api.proto.AuthRoleListResponse;
import io.quorate.api.proto.DeleteRangeResponse;
import io.quorate.api.proto.LeaseGrantResponse;
import io.quorate.api.proto.LeaseKeepAliveResponse;
import io.quorate.api.proto.LeaseLeasesResponse;
import io.quorate.api.proto.LeaseRevokeResponse;
import io.quorate.api.proto.LeaseStatus;
import io.quorate.api.proto.LeaseTimeToLiveResponse;
import io.quorate.api.proto.Member;
import io.quorate.api.proto.MemberListResponse;
import io.quorate.api.proto.PutResponse;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.ResponseHeader;
import io.quorate.api.proto.ResponseOp;
import io.quorate.api.proto.StatusResponse;
import io.quorate.api.proto.TxnResponse;
import io.quorate.api.proto.WatchResponse;
import io.quorate.api.proto.auth.Permission;
import io.quorate.api.proto.mvcc.Event;
import io.quorate.api.proto.mvcc.KeyValue;
import io.quorate.cli.Bytes;
import io.quorate.cli.GoText;
import io.quorate.cli.Terminal;

import java.util.List;

/** {@code -w fields}: a line {@code "Name" : value} for each field (CT-09). */
final class FieldsPrinter extends Printer {
    private static final String HEADER_FIELD = "header";

    private final boolean hex;

    FieldsPrinter(Terminal terminal, boolean hex) {
        super(terminal);
        this.hex = hex;
    }

    @Override
    boolean isFields() {
        return true;
    }

    @Override
    void other(Message answer) {
        throw unsupported("fields");
    }

    // ---- fields

    private void raw(String name, String value) {
        terminal.line("\"" + name + "\" : " + value);
    }

    private void number(String name, long value) {
        raw(name, String.valueOf(value));
    }

    private void unsigned(String name, long value) {
        raw(name, Long.toUnsignedString(value));
    }

    private void quoted(String name, String bytes) {
        raw(name, GoText.quote(bytes));
    }

    private void quoted(String name, ByteString bytes) {
        quoted(name, Ranges.text(bytes));
    }

    private void id(String name, long id) {
        raw(name, hex ? Long.toHexString(id) : Long.toUnsignedString(id));
    }

    private void lease(String name, long id) {
        raw(name, hex ? GoText.hex16(id) : String.valueOf(id));
    }

    private void empty() {
        terminal.line("");
    }

    private void header(ResponseHeader header) {
        id("ClusterID", header.getClusterId());
        id("MemberID", header.getMemberId());
        if (header.getRevision() > 0) number("Revision", header.getRevision());
        unsigned("RaftTerm", header.getRaftTerm());
    }

    // ---- keys

    private void pair(String prefix, KeyValue pair) {
        quoted(prefix + "Key", pair.getKey());
        number(prefix + "CreateRevision", pair.getCreateRevision());
        number(prefix + "ModRevision", pair.getModRevision());
        number(prefix + "Version", pair.getVersion());
        quoted(prefix + "Value", pair.getValue());
        lease(prefix + "Lease", pair.getLease());
    }

    @Override
    void put(PutResponse answer) {
        header(answer.getHeader());
        if (answer.hasPrevKv()) pair("Prev", answer.getPrevKv());
    }

    @Override
    void get(RangeResponse answer) {
        header(answer.getHeader());
        for (KeyValue pair : answer.getKvsList()) pair("", pair);
        raw("More", String.valueOf(answer.getMore()));
        number("Count", answer.getCount());
    }

    @Override
    void delete(DeleteRangeResponse answer) {
        header(answer.getHeader());
        number("Deleted", answer.getDeleted());
        for (KeyValue pair : answer.getPrevKvsList()) pair("Prev", pair);
    }

    @Override
    void txn(TxnResponse answer) {
        header(answer.getHeader());
        raw("Succeeded", String.valueOf(answer.getSucceeded()));
        for (ResponseOp operation : answer.getResponsesList()) {
            switch (operation.getResponseCase()) {
                case RESPONSE_PUT -> put(operation.getResponsePut());
                case RESPONSE_RANGE -> get(operation.getResponseRange());
                case RESPONSE_DELETE_RANGE -> delete(operation.getResponseDeleteRange());
                case RESPONSE_TXN, RESPONSE_NOT_SET ->
                        quoted("Unknown", Bytes.ofText(operation.toString()));
            }
        }
    }

    @Override
    void watch(WatchResponse answer) {
        header(answer.getHeader());
        for (Event event : answer.getEventsList()) {
            raw("Type", event.getType().name());
            if (event.hasPrevKv()) pair("Prev", event.getPrevKv());
            pair("", event.getKv());
        }
    }

    // ---- leases

    @Override
    void grant(LeaseGrantResponse answer) {
        header(answer.getHeader());
        lease("ID", answer.getID());
        number("TTL", answer.getTTL());
    }

    @Override
    void revoke(long id, LeaseRevokeResponse answer) {
        header(answer.getHeader());
    }

    @Override
    void keepAlive(LeaseKeepAliveResponse answer) {
        header(answer.getHeader());
        lease("ID", answer.getID());
        number("TTL", answer.getTTL());
    }

    @Override
    void timeToLive(LeaseTimeToLiveResponse answer, boolean keys) {
        header(answer.getHeader());
        lease("ID", answer.getID());
        number("TTL", answer.getTTL());
        number("GrantedTTL", answer.getGrantedTTL());
        for (ByteString key : answer.getKeysList()) quoted("Key", key);
    }

    @Override
    void leases(LeaseLeasesResponse answer) {
        header(answer.getHeader());
        for (LeaseStatus lease : answer.getLeasesList()) lease("ID", lease.getID());
    }

    // ---- members

    @Override
    void memberList(MemberListResponse answer) {
        header(answer.getHeader());
        for (Member member : answer.getMembersList()) {
            id("ID", member.getID());
            quoted("Name", Bytes.ofText(member.getName()));
            for (String url : member.getPeerURLsList()) quoted("PeerURL", Bytes.ofText(url));
            for (String url : member.getClientURLsList()) quoted("ClientURL", Bytes.ofText(url));
            raw("IsLearner", String.valueOf(member.getIsLearner()));
            empty();
        }
    }

    @Override
    void health(List<Endpoints.Health> endpoints) {
        for (Endpoints.Health health : endpoints) {
            quoted("Endpoint", health.endpoint());
            raw("Health", String.valueOf(health.health()));
            raw("Took", health.took());
            raw("Error", health.error());
            empty();
        }
    }

    @Override
    void status(List<Endpoints.Status> endpoints) {
        for (Endpoints.Status status : endpoints) {
            StatusResponse answer = status.response();
            header(answer.getHeader());
            quoted("Version", answer.getVersion());
            quoted("StorageVersion", answer.getStorageVersion());
            number("DBSize", answer.getDbSize());
            number("DBSizeInUse", answer.getDbSizeInUse());
            number("DBSizeQuota", answer.getDbSizeQuota());
            unsigned("Leader", answer.getLeader());
            raw("IsLearner", String.valueOf(answer.getIsLearner()));
            unsigned("RaftIndex", answer.getRaftIndex());
            unsigned("RaftAppliedIndex", answer.getRaftAppliedIndex());
            raw("Errors", "[" + Bytes.ofText(String.join(" ", answer.getErrorsList())) + "]");
            quoted("Endpoint", status.endpoint());
            quoted("DowngradeTargetVersion", answer.getDowngradeInfo().getTargetVersion());
            raw("DowngradeEnabled", String.valueOf(answer.getDowngradeInfo().getEnabled()));
            empty();
        }
    }

    @Override
    void hashKv(List<Endpoints.HashKv> endpoints) {
        for (Endpoints.HashKv hash : endpoints) {
            header(hash.response().getHeader());
            quoted("Endpoint", hash.endpoint());
            raw("Hash", Integer.toUnsignedString(hash.response().getHash()));
            number("HashRevision", hash.response().getHashRevision());
            empty();
        }
    }

    @Override
    void alarm(AlarmResponse answer) {
        header(answer.getHeader());
        for (AlarmMember alarm : answer.getAlarmsList()) {
            id("MemberID", alarm.getMemberID());
            raw("AlarmType", alarm.getAlarm().name());
            empty();
        }
    }

    // ---- auth

    /** Of a change only the header is told. */
    @Override
    void changed(String said, Message answer) {
        var field = answer.getDescriptorForType().findFieldByName(HEADER_FIELD);
        header((ResponseHeader) answer.getField(field));
    }

    @Override
    void roleGet(String role, AuthRoleGetResponse answer) {
        header(answer.getHeader());
        for (Permission permission : answer.getPermList()) {
            // Two spaces, as etcdctl has them.
            raw("PermType", " " + permission.getPermType().name());
            quoted("Key", permission.getKey());
            quoted("RangeEnd", permission.getRangeEnd());
        }
    }

    @Override
    void roleList(AuthRoleListResponse answer) {
        header(answer.getHeader());
        StringBuilder roles = new StringBuilder("\"Roles\" :");
        for (String role : answer.getRolesList()) {
            roles.append(' ').append(GoText.quote(Bytes.ofText(role)));
        }
        terminal.line(roles.toString());
    }
}
