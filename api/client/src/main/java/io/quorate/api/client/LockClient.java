package io.quorate.api.client;

import com.google.protobuf.ByteString;

import io.quorate.api.proto.lock.LockGrpc;
import io.quorate.api.proto.lock.LockRequest;
import io.quorate.api.proto.lock.LockResponse;
import io.quorate.api.proto.lock.UnlockRequest;
import io.quorate.api.proto.lock.UnlockResponse;

/**
 * Locks held by the server (LK-*): the same keys as etcd's own clients use. Thread-safe. See {@link
 * Client} for blocking and failures.
 */
public final class LockClient {
    private final Client client;

    LockClient(Client client) {
        this.client = client;
    }

    /**
     * Waits until the lock is held; without a time limit: an interrupt gives up, and the key that
     * waited is removed.
     *
     * @param lease the lock is let go when this ends; 0 makes one of 60 s
     * @return whose key is what {@link #unlock} takes
     */
    public LockResponse lock(ByteString name, long lease) {
        return client.callWithoutLimit(
                LockGrpc.getLockMethod(),
                LockRequest.newBuilder().setName(name).setLease(lease).build());
    }

    public UnlockResponse unlock(ByteString key) {
        return client.call(
                LockGrpc.getUnlockMethod(),
                UnlockRequest.newBuilder().setKey(key).build(),
                Retry.UNSENT_ONLY);
    }
}
