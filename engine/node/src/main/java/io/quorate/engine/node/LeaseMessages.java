package io.quorate.engine.node;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;

import io.quorate.api.proto.LeaseKeepAliveRequest;
import io.quorate.api.proto.LeaseKeepAliveResponse;
import io.quorate.api.proto.LeaseTimeToLiveRequest;
import io.quorate.api.proto.LeaseTimeToLiveResponse;
import io.quorate.api.proto.ResponseHeader;
import io.quorate.api.proto.lease.LeaseInternalRequest;
import io.quorate.api.proto.lease.LeaseInternalResponse;

import java.io.IOException;
import java.util.List;

/** What members ask the leader about leases, in the messages that etcd's members use (LE-09). */
final class LeaseMessages {
    private LeaseMessages() {}

    static byte[] renewal(long id) {
        return LeaseKeepAliveRequest.newBuilder().setID(id).build().toByteArray();
    }

    /**
     * The lease of a request for its renewal.
     *
     * @throws IllegalArgumentException for other bytes
     */
    static long renewed(byte[] request) {
        try {
            return LeaseKeepAliveRequest.parseFrom(request).getID();
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("error unmarshalling request", e);
        }
    }

    static byte[] renewalAnswer(long id, long ttl) {
        return LeaseKeepAliveResponse.newBuilder().setID(id).setTTL(ttl).build().toByteArray();
    }

    /** The seconds that a renewed lease lives on. */
    static long ttl(byte[] answer) throws IOException {
        return LeaseKeepAliveResponse.parseFrom(answer).getTTL();
    }

    static byte[] question(long id) {
        return LeaseInternalRequest.newBuilder()
                .setLeaseTimeToLiveRequest(LeaseTimeToLiveRequest.newBuilder().setID(id))
                .build()
                .toByteArray();
    }

    /**
     * What a member wants to know of a lease.
     *
     * @param keys whether its keys too
     */
    record Question(long id, boolean keys) {}

    /**
     * @throws IllegalArgumentException for other bytes
     */
    static Question asked(byte[] request) {
        try {
            var asked = LeaseInternalRequest.parseFrom(request).getLeaseTimeToLiveRequest();
            return new Question(asked.getID(), asked.getKeys());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("error unmarshalling request", e);
        }
    }

    static byte[] answer(LeaseTime time, List<byte[]> keys) {
        LeaseTimeToLiveResponse.Builder answer =
                LeaseTimeToLiveResponse.newBuilder()
                        .setHeader(ResponseHeader.getDefaultInstance())
                        .setID(time.id())
                        .setTTL(time.left())
                        .setGrantedTTL(time.granted());
        keys.forEach(key -> answer.addKeys(UnsafeByteOperations.unsafeWrap(key)));
        return LeaseInternalResponse.newBuilder()
                .setLeaseTimeToLiveResponse(answer)
                .build()
                .toByteArray();
    }

    static LeaseTime time(byte[] answer) throws IOException {
        var time = LeaseInternalResponse.parseFrom(answer).getLeaseTimeToLiveResponse();
        return new LeaseTime(time.getID(), time.getGrantedTTL(), time.getTTL());
    }
}
