package io.quorate.checks;

import com.google.protobuf.Message;

import io.quorate.api.proto.CompactionRequest;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.HashKVRequest;
import io.quorate.api.proto.LeaseGrantRequest;
import io.quorate.api.proto.LeaseLeasesRequest;
import io.quorate.api.proto.LeaseRevokeRequest;
import io.quorate.api.proto.LeaseTimeToLiveRequest;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.TxnRequest;

/** One call of the API, sent unchanged to both servers. */
sealed interface Operation {
    Message request();

    /** Whether the call leaves the store as it was, so that many may be under way at once. */
    default boolean reads() {
        return switch (this) {
            case Range r -> true;
            case RangeStream r -> true;
            case TimeToLive t -> true;
            case Leases l -> true;
            case HashKv h -> true;
            case Put p -> false;
            case Delete d -> false;
            case Txn t -> false;
            case Compact c -> false;
            case Grant g -> false;
            case Revoke r -> false;
        };
    }

    record Range(RangeRequest request) implements Operation {}

    record RangeStream(RangeRequest request) implements Operation {}

    record Put(PutRequest request) implements Operation {}

    record Delete(DeleteRangeRequest request) implements Operation {}

    record Txn(TxnRequest request) implements Operation {}

    record Compact(CompactionRequest request) implements Operation {}

    record Grant(LeaseGrantRequest request) implements Operation {}

    record Revoke(LeaseRevokeRequest request) implements Operation {}

    record TimeToLive(LeaseTimeToLiveRequest request) implements Operation {}

    record Leases(LeaseLeasesRequest request) implements Operation {}

    record HashKv(HashKVRequest request) implements Operation {}
}
