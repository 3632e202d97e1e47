package io.quorate.api.client;

import io.grpc.Status;
import io.quorate.api.proto.LeaseGrantRequest;
import io.quorate.api.proto.LeaseGrantResponse;
import io.quorate.api.proto.LeaseGrpc;
import io.quorate.api.proto.LeaseKeepAliveRequest;
import io.quorate.api.proto.LeaseKeepAliveResponse;
import io.quorate.api.proto.LeaseLeasesRequest;
import io.quorate.api.proto.LeaseLeasesResponse;
import io.quorate.api.proto.LeaseRevokeRequest;
import io.quorate.api.proto.LeaseRevokeResponse;
import io.quorate.api.proto.LeaseTimeToLiveRequest;
import io.quorate.api.proto.LeaseTimeToLiveResponse;

import java.util.function.Consumer;

/** Leases. Thread-safe; see {@link Client} for blocking and failures. */
public final class LeaseClient {
    private final Client client;
    private final LeaseKeeper keeper;

    LeaseClient(Client client, LeaseKeeper keeper) {
        this.client = client;
        this.keeper = keeper;
    }

    /** Grants a lease of an id the server chooses; its TTL in seconds may be raised (LE-04). */
    public LeaseGrantResponse grant(long ttlSeconds) {
        return grant(ttlSeconds, 0);
    }

    /**
     * As {@link #grant(long)}.
     *
     * @param id of the lease; 0 lets the server choose
     */
    public LeaseGrantResponse grant(long ttlSeconds, long id) {
        return client.call(
                LeaseGrpc.getLeaseGrantMethod(),
                LeaseGrantRequest.newBuilder().setTTL(ttlSeconds).setID(id).build(),
                Retry.REPEATABLE);
    }

    /** Ends a lease and deletes its keys. */
    public LeaseRevokeResponse revoke(long id) {
        return client.call(
                LeaseGrpc.getLeaseRevokeMethod(),
                LeaseRevokeRequest.newBuilder().setID(id).build(),
                Retry.REPEATABLE);
    }

    /**
     * What is left of a lease; a TTL of -1 for one that is not there (LE-10).
     *
     * @param keys whether to list its keys
     */
    public LeaseTimeToLiveResponse timeToLive(long id, boolean keys) {
        return client.call(
                LeaseGrpc.getLeaseTimeToLiveMethod(),
                LeaseTimeToLiveRequest.newBuilder().setID(id).setKeys(keys).build(),
                Retry.REPEATABLE);
    }

    public LeaseLeasesResponse list() {
        return client.call(
                LeaseGrpc.getLeaseLeasesMethod(),
                LeaseLeasesRequest.getDefaultInstance(),
                Retry.REPEATABLE);
    }

    /**
     * Renews a lease once.
     *
     * @throws io.grpc.StatusRuntimeException NOT_FOUND when it is not there any more
     */
    public LeaseKeepAliveResponse keepAliveOnce(long id) {
        try (var stream =
                client.open(LeaseGrpc.getLeaseKeepAliveMethod(), client.config().callTimeout())) {
            stream.send(LeaseKeepAliveRequest.newBuilder().setID(id).build());
            LeaseKeepAliveResponse response =
                    stream.next()
                            .orElseThrow(() ->
                                    Status.UNAVAILABLE
                                            .withDescription("no answer to a keepalive")
                                            .asRuntimeException());
            if (response.getTTL() <= 0) {
                throw LeaseKeeper.notFound().asRuntimeException();
            }
            return response;
        }
    }

    /** Renews a lease every third of its TTL until it is closed or the lease is gone. */
    public LeaseKeepAlive keepAlive(long id) {
        return keepAlive(id, response -> {});
    }

    /**
     * As {@link #keepAlive(long)}; all leases of a client share a stream, which is made again when
     * it is lost.
     *
     * @param renewed told of each renewal; must not block
     */
    public LeaseKeepAlive keepAlive(long id, Consumer<LeaseKeepAliveResponse> renewed) {
        return keeper.keep(id, renewed);
    }
}
