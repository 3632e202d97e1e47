package io.quorate.api.client;

import com.google.protobuf.ByteString;

import io.quorate.api.proto.CompactionRequest;
import io.quorate.api.proto.CompactionResponse;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.DeleteRangeResponse;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.PutResponse;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.RangeStreamResponse;
import io.quorate.api.proto.TxnRequest;
import io.quorate.api.proto.TxnResponse;
import io.quorate.api.proto.mvcc.KeyValue;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Keys and values. Reads are linearizable unless the request says {@code serializable}.
 * Thread-safe; see {@link Client} for blocking and failures.
 */
public final class KvClient {
    private final Client client;

    KvClient(Client client) {
        this.client = client;
    }

    /** The key as it is now. */
    public Optional<KeyValue> get(String key) {
        RangeResponse found = range(RangeRequest.newBuilder().setKey(Keys.of(key)).build());
        return found.getKvsCount() == 0 ? Optional.empty() : Optional.of(found.getKvs(0));
    }

    /** All keys that begin with the prefix, in order, in one answer. */
    public List<KeyValue> prefix(String prefix) {
        ByteString bytes = Keys.of(prefix);
        return range(
                        RangeRequest.newBuilder()
                                .setKey(Keys.first(bytes))
                                .setRangeEnd(Keys.afterPrefix(bytes))
                                .build())
                .getKvsList();
    }

    public RangeResponse range(RangeRequest request) {
        return client.call(KVGrpc.getRangeMethod(), request, Retry.REPEATABLE);
    }

    /**
     * A large range in pieces, from one revision (KV-25; etcd 3.7). Not begun again when it fails.
     *
     * @param timeout for the whole of it; zero for none
     */
    public ResponseStream<RangeStreamResponse> rangeStream(RangeRequest request, Duration timeout) {
        return client.stream(KVGrpc.getRangeStreamMethod(), request, timeout);
    }

    public PutResponse put(String key, String value) {
        return put(PutRequest.newBuilder().setKey(Keys.of(key)).setValue(Keys.of(value)).build());
    }

    public PutResponse put(PutRequest request) {
        return client.call(KVGrpc.getPutMethod(), request, Retry.UNSENT_ONLY);
    }

    /**
     * Deletes a key.
     *
     * @return whether it was there
     */
    public boolean delete(String key) {
        return delete(DeleteRangeRequest.newBuilder().setKey(Keys.of(key)).build()).getDeleted()
                > 0;
    }

    public DeleteRangeResponse delete(DeleteRangeRequest request) {
        return client.call(KVGrpc.getDeleteRangeMethod(), request, Retry.UNSENT_ONLY);
    }

    public TxnResponse txn(TxnRequest request) {
        return client.call(KVGrpc.getTxnMethod(), request, Retry.UNSENT_ONLY);
    }

    /**
     * Forgets history before a revision.
     *
     * @param physical whether to wait until it is gone from the disk too
     */
    public CompactionResponse compact(long revision, boolean physical) {
        return client.call(
                KVGrpc.getCompactMethod(),
                CompactionRequest.newBuilder().setRevision(revision).setPhysical(physical).build(),
                Retry.UNSENT_ONLY);
    }
}
