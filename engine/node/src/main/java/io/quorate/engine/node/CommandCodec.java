package io.quorate.engine.node;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import com.google.protobuf.WireFormat;

import io.quorate.api.proto.AlarmRequest;
import io.quorate.api.proto.CompactionRequest;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.LeaseCheckpoint;
import io.quorate.api.proto.LeaseCheckpointRequest;
import io.quorate.api.proto.LeaseGrantRequest;
import io.quorate.api.proto.LeaseRevokeRequest;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.TxnRequest;
import io.quorate.api.proto.internal.InternalRaftRequest;
import io.quorate.api.proto.internal.RequestHeader;
import io.quorate.api.proto.membership.Attributes;
import io.quorate.api.proto.membership.ClusterMemberAttrSetRequest;
import io.quorate.api.proto.membership.ClusterVersionSetRequest;
import io.quorate.api.proto.membership.DowngradeInfoSetRequest;
import io.quorate.engine.state.Alarm;
import io.quorate.engine.state.AuthCommand;
import io.quorate.engine.state.Caller;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.DowngradeInfo;
import io.quorate.engine.state.RangeQuery;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Commands as the data of log entries: etcd's {@code InternalRaftRequest}, so that a log means the
 * same to etcd's tools. Membership changes are not here: they are entries of a type of their own.
 */
final class CommandCodec {
    private static final RangeQuery.Order[] ORDERS = RangeQuery.Order.values();
    private static final RangeQuery.SortTarget[] SORT_TARGETS = RangeQuery.SortTarget.values();
    private static final Command.Target[] TARGETS = Command.Target.values();
    private static final Command.Relation[] RELATIONS = Command.Relation.values();

    private CommandCodec() {}

    /** What an entry asks for, and on whose behalf. */
    record Request(Command command, Caller caller) {}

    /** The command as an entry's data, which may share the command's arrays. */
    static byte[] encode(long requestId, Command command, Caller caller) {
        InternalRaftRequest.Builder request =
                InternalRaftRequest.newBuilder()
                        .setHeader(
                                RequestHeader.newBuilder()
                                        .setID(requestId)
                                        .setUsername(caller.user())
                                        .setAuthRevision(caller.authRevision()));
        switch (command) {
            case Command.Put put -> request.setPut(encode(put));
            case Command.DeleteRange delete -> request.setDeleteRange(encode(delete));
            case Command.Txn txn -> request.setTxn(encode(txn));
            case Command.Compact(long revision, boolean physical) ->
                    request.setCompaction(
                            CompactionRequest.newBuilder()
                                    .setRevision(revision)
                                    .setPhysical(physical));
            case Command.LeaseGrant(long id, long ttl) ->
                    request.setLeaseGrant(LeaseGrantRequest.newBuilder().setID(id).setTTL(ttl));
            case Command.LeaseRevoke(long id) ->
                    request.setLeaseRevoke(LeaseRevokeRequest.newBuilder().setID(id));
            case Command.LeaseCheckpoint(var checkpoints) ->
                    request.setLeaseCheckpoint(encode(checkpoints));
            case Command.MemberAttributes(var id, var name, var clientUrls) ->
                    request.setClusterMemberAttrSet(
                            ClusterMemberAttrSetRequest.newBuilder()
                                    .setMemberID(id)
                                    .setMemberAttributes(
                                            Attributes.newBuilder()
                                                    .setName(name)
                                                    .addAllClientUrls(clientUrls)));
            case Command.ClusterVersion(String version) ->
                    request.setClusterVersionSet(
                            ClusterVersionSetRequest.newBuilder().setVer(version));
            case Command.RaiseAlarm(Alarm alarm) ->
                    request.setAlarm(encode(AlarmRequest.AlarmAction.ACTIVATE, alarm));
            case Command.ClearAlarm(Alarm alarm) ->
                    request.setAlarm(encode(AlarmRequest.AlarmAction.DEACTIVATE, alarm));
            case Command.Downgrade(DowngradeInfo info) ->
                    request.setDowngradeInfoSet(
                            DowngradeInfoSetRequest.newBuilder()
                                    .setEnabled(info.enabled())
                                    .setVer(info.targetVersion()));
            case AuthCommand users -> AuthCodec.encode(users, request);
            case Command.MemberAdd add -> throw notARequest(add);
            case Command.MemberRemove remove -> throw notARequest(remove);
            case Command.MemberUpdate update -> throw notARequest(update);
            case Command.MemberPromote promote -> throw notARequest(promote);
        }
        return request.build().toByteArray();
    }

    private static IllegalArgumentException notARequest(Command change) {
        return new IllegalArgumentException(
                "a membership change goes through raft as such, not as a request: " + change);
    }

    /**
     * The id in the header of encoded data, without decoding the rest; 0 when there is none.
     *
     * @throws InvalidProtocolBufferException when the data is no request
     */
    static long requestId(byte[] data) throws InvalidProtocolBufferException {
        try {
            CodedInputStream in = CodedInputStream.newInstance(data);
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                if (WireFormat.getTagFieldNumber(tag) == InternalRaftRequest.HEADER_FIELD_NUMBER) {
                    in.readRawVarint32();
                    return headerId(in);
                }
                in.skipField(tag);
            }
            return 0;
        } catch (InvalidProtocolBufferException e) {
            throw e;
        } catch (IOException e) {
            throw new AssertionError("the data is in the heap", e);
        }
    }

    private static long headerId(CodedInputStream in) throws IOException {
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (WireFormat.getTagFieldNumber(tag) == RequestHeader.ID_FIELD_NUMBER) {
                return in.readUInt64();
            }
            in.skipField(tag);
        }
        return 0;
    }

    /**
     * @throws InvalidProtocolBufferException when the data is no request
     * @throws IllegalArgumentException when this release does not know the request
     */
    static Request decode(byte[] data) throws InvalidProtocolBufferException {
        InternalRaftRequest request = InternalRaftRequest.parseFrom(data);
        RequestHeader header = request.getHeader();
        Caller caller =
                header.getAuthRevision() == 0 && header.getUsername().isEmpty()
                        ? Caller.NOBODY
                        : new Caller(header.getUsername(), header.getAuthRevision());
        return new Request(command(request), caller);
    }

    private static Command command(InternalRaftRequest request) {
        if (request.hasPut()) {
            return decode(request.getPut());
        }
        if (request.hasDeleteRange()) {
            return decode(request.getDeleteRange());
        }
        if (request.hasTxn()) {
            return decode(request.getTxn());
        }
        if (request.hasCompaction()) {
            CompactionRequest compaction = request.getCompaction();
            return new Command.Compact(compaction.getRevision(), compaction.getPhysical());
        }
        if (request.hasLeaseGrant()) {
            LeaseGrantRequest grant = request.getLeaseGrant();
            return new Command.LeaseGrant(grant.getID(), grant.getTTL());
        }
        if (request.hasLeaseRevoke()) {
            return new Command.LeaseRevoke(request.getLeaseRevoke().getID());
        }
        if (request.hasLeaseCheckpoint()) {
            return decode(request.getLeaseCheckpoint());
        }
        if (request.hasClusterMemberAttrSet()) {
            ClusterMemberAttrSetRequest set = request.getClusterMemberAttrSet();
            Attributes attributes = set.getMemberAttributes();
            return new Command.MemberAttributes(
                    set.getMemberID(),
                    attributes.getName(),
                    List.copyOf(attributes.getClientUrlsList()));
        }
        if (request.hasClusterVersionSet()) {
            return new Command.ClusterVersion(request.getClusterVersionSet().getVer());
        }
        if (request.hasAlarm()) {
            return decode(request.getAlarm());
        }
        if (request.hasDowngradeInfoSet()) {
            DowngradeInfoSetRequest set = request.getDowngradeInfoSet();
            return new Command.Downgrade(new DowngradeInfo(set.getEnabled(), set.getVer()));
        }
        Optional<AuthCommand> users = AuthCodec.decode(request);
        if (users.isPresent()) {
            return users.get();
        }
        throw new IllegalArgumentException(
                "request with the fields "
                        + request.getAllFields().keySet()
                        + " and unknown fields "
                        + request.getUnknownFields().asMap().keySet());
    }

    private static AlarmRequest encode(AlarmRequest.AlarmAction action, Alarm alarm) {
        return AlarmRequest.newBuilder()
                .setAction(action)
                .setMemberID(alarm.memberId())
                .setAlarmValue(alarm.type())
                .build();
    }

    private static Command decode(AlarmRequest request) {
        Alarm alarm = new Alarm(request.getMemberID(), request.getAlarmValue());
        return switch (request.getAction()) {
            case ACTIVATE -> new Command.RaiseAlarm(alarm);
            case DEACTIVATE -> new Command.ClearAlarm(alarm);
            case GET, UNRECOGNIZED ->
                    throw new IllegalArgumentException(
                            "alarm action " + request.getActionValue() + " in the log");
        };
    }

    private static LeaseCheckpointRequest encode(List<Command.Checkpoint> checkpoints) {
        LeaseCheckpointRequest.Builder request = LeaseCheckpointRequest.newBuilder();
        for (Command.Checkpoint of : checkpoints) {
            request.addCheckpoints(
                    LeaseCheckpoint.newBuilder().setID(of.id()).setRemainingTTL(of.remaining()));
        }
        return request.build();
    }

    private static Command.LeaseCheckpoint decode(LeaseCheckpointRequest request) {
        return new Command.LeaseCheckpoint(
                request.getCheckpointsList().stream()
                        .map(of -> new Command.Checkpoint(of.getID(), of.getRemainingTTL()))
                        .toList());
    }

    private static PutRequest encode(Command.Put put) {
        return PutRequest.newBuilder()
                .setKey(bytes(put.key()))
                .setValue(bytes(put.value()))
                .setLease(put.lease())
                .setPrevKv(put.prevKv())
                .setIgnoreValue(put.ignoreValue())
                .setIgnoreLease(put.ignoreLease())
                .build();
    }

    private static Command.Put decode(PutRequest put) {
        return new Command.Put(
                put.getKey().toByteArray(),
                put.getValue().toByteArray(),
                put.getLease(),
                put.getPrevKv(),
                put.getIgnoreValue(),
                put.getIgnoreLease());
    }

    private static DeleteRangeRequest encode(Command.DeleteRange delete) {
        return DeleteRangeRequest.newBuilder()
                .setKey(bytes(delete.key()))
                .setRangeEnd(bytes(delete.rangeEnd()))
                .setPrevKv(delete.prevKv())
                .build();
    }

    private static Command.DeleteRange decode(DeleteRangeRequest delete) {
        return new Command.DeleteRange(
                delete.getKey().toByteArray(),
                delete.getRangeEnd().toByteArray(),
                delete.getPrevKv());
    }

    private static TxnRequest encode(Command.Txn txn) {
        TxnRequest.Builder request = TxnRequest.newBuilder();
        for (Command.Compare compare : txn.compares()) {
            request.addCompare(encode(compare));
        }
        for (Command.Op op : txn.success()) {
            request.addSuccess(encode(op));
        }
        for (Command.Op op : txn.failure()) {
            request.addFailure(encode(op));
        }
        return request.build();
    }

    private static Command.Txn decode(TxnRequest txn) {
        return new Command.Txn(
                txn.getCompareList().stream().map(CommandCodec::decode).toList(),
                txn.getSuccessList().stream().map(CommandCodec::decode).toList(),
                txn.getFailureList().stream().map(CommandCodec::decode).toList());
    }

    private static RequestOp encode(Command.Op op) {
        RequestOp.Builder request = RequestOp.newBuilder();
        switch (op) {
            case Command.RangeOp(RangeQuery query) -> request.setRequestRange(encode(query));
            case Command.PutOp(Command.Put put) -> request.setRequestPut(encode(put));
            case Command.DeleteRangeOp(Command.DeleteRange delete) ->
                    request.setRequestDeleteRange(encode(delete));
            case Command.TxnOp(Command.Txn txn) -> request.setRequestTxn(encode(txn));
            case Command.EmptyOp empty -> {}
        }
        return request.build();
    }

    private static Command.Op decode(RequestOp op) {
        return switch (op.getRequestCase()) {
            case REQUEST_RANGE -> new Command.RangeOp(decode(op.getRequestRange()));
            case REQUEST_PUT -> new Command.PutOp(decode(op.getRequestPut()));
            case REQUEST_DELETE_RANGE ->
                    new Command.DeleteRangeOp(decode(op.getRequestDeleteRange()));
            case REQUEST_TXN -> new Command.TxnOp(decode(op.getRequestTxn()));
            case REQUEST_NOT_SET -> new Command.EmptyOp();
        };
    }

    private static io.quorate.api.proto.Compare encode(Command.Compare compare) {
        io.quorate.api.proto.Compare.Builder request =
                io.quorate.api.proto.Compare.newBuilder()
                        .setKey(bytes(compare.key()))
                        .setRangeEnd(bytes(compare.rangeEnd()))
                        .setTargetValue(compare.target().ordinal())
                        .setResultValue(compare.relation().ordinal());
        switch (compare.target()) {
            case VERSION -> request.setVersion(compare.number());
            case CREATE -> request.setCreateRevision(compare.number());
            case MOD -> request.setModRevision(compare.number());
            case VALUE -> request.setValue(bytes(compare.value()));
            case LEASE -> request.setLease(compare.number());
        }
        return request.build();
    }

    private static Command.Compare decode(io.quorate.api.proto.Compare compare) {
        Command.Target target = at(TARGETS, compare.getTargetValue(), "compare target");
        long number =
                switch (target) {
                    case VERSION -> compare.getVersion();
                    case CREATE -> compare.getCreateRevision();
                    case MOD -> compare.getModRevision();
                    case VALUE -> 0;
                    case LEASE -> compare.getLease();
                };
        return new Command.Compare(
                compare.getKey().toByteArray(),
                compare.getRangeEnd().toByteArray(),
                target,
                at(RELATIONS, compare.getResultValue(), "compare result"),
                number,
                compare.getValue().toByteArray());
    }

    private static RangeRequest encode(RangeQuery query) {
        return RangeRequest.newBuilder()
                .setKey(bytes(query.key()))
                .setRangeEnd(bytes(query.rangeEnd()))
                .setLimit(query.limit())
                .setRevision(query.revision())
                .setSortOrderValue(query.order().ordinal())
                .setSortTargetValue(query.sortTarget().ordinal())
                .setKeysOnly(query.keysOnly())
                .setCountOnly(query.countOnly())
                .setMinModRevision(query.minModRevision())
                .setMaxModRevision(query.maxModRevision())
                .setMinCreateRevision(query.minCreateRevision())
                .setMaxCreateRevision(query.maxCreateRevision())
                .build();
    }

    private static RangeQuery decode(RangeRequest range) {
        return new RangeQuery(
                range.getKey().toByteArray(),
                range.getRangeEnd().toByteArray(),
                range.getLimit(),
                range.getRevision(),
                at(ORDERS, range.getSortOrderValue(), "sort order"),
                at(SORT_TARGETS, range.getSortTargetValue(), "sort target"),
                range.getKeysOnly(),
                range.getCountOnly(),
                range.getMinModRevision(),
                range.getMaxModRevision(),
                range.getMinCreateRevision(),
                range.getMaxCreateRevision());
    }

    private static <E> E at(E[] values, int number, String what) {
        if (number < 0 || number >= values.length) {
            throw new IllegalArgumentException("unknown " + what + " " + number);
        }
        return values[number];
    }

    // No copy: neither the command nor the bytes made from it are changed by anyone.
    private static ByteString bytes(byte[] array) {
        return UnsafeByteOperations.unsafeWrap(array);
    }
}
