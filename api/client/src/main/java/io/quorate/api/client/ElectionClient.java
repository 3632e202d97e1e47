package io.quorate.api.client;

import com.google.protobuf.ByteString;

import io.quorate.api.proto.election.CampaignRequest;
import io.quorate.api.proto.election.CampaignResponse;
import io.quorate.api.proto.election.ElectionGrpc;
import io.quorate.api.proto.election.LeaderKey;
import io.quorate.api.proto.election.LeaderRequest;
import io.quorate.api.proto.election.LeaderResponse;
import io.quorate.api.proto.election.ProclaimRequest;
import io.quorate.api.proto.election.ProclaimResponse;
import io.quorate.api.proto.election.ResignRequest;
import io.quorate.api.proto.election.ResignResponse;

import java.time.Duration;

/**
 * Elections held by the server (EL-*). Thread-safe. See {@link Client} for blocking and failures.
 */
public final class ElectionClient {
    private final Client client;

    ElectionClient(Client client) {
        this.client = client;
    }

    /**
     * Waits until this candidate leads; without a time limit: an interrupt gives up.
     *
     * @param lease leadership ends with it
     * @param value what observers see
     * @return whose leader key is what the other methods take
     */
    public CampaignResponse campaign(ByteString name, long lease, ByteString value) {
        return client.callWithoutLimit(
                ElectionGrpc.getCampaignMethod(),
                CampaignRequest.newBuilder().setName(name).setLease(lease).setValue(value).build());
    }

    /** Changes what observers see. */
    public ProclaimResponse proclaim(LeaderKey leader, ByteString value) {
        return client.call(
                ElectionGrpc.getProclaimMethod(),
                ProclaimRequest.newBuilder().setLeader(leader).setValue(value).build(),
                Retry.UNSENT_ONLY);
    }

    /** The leader now. */
    public LeaderResponse leader(ByteString name) {
        return client.call(
                ElectionGrpc.getLeaderMethod(),
                LeaderRequest.newBuilder().setName(name).build(),
                Retry.REPEATABLE);
    }

    /** Every leader from now on; not begun again when it fails. */
    public ResponseStream<LeaderResponse> observe(ByteString name) {
        return client.stream(
                ElectionGrpc.getObserveMethod(),
                LeaderRequest.newBuilder().setName(name).build(),
                Duration.ZERO);
    }

    public ResignResponse resign(LeaderKey leader) {
        return client.call(
                ElectionGrpc.getResignMethod(),
                ResignRequest.newBuilder().setLeader(leader).build(),
                Retry.UNSENT_ONLY);
    }
}
