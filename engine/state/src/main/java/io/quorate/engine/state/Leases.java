package io.quorate.engine.state;

import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.WriteBatch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The leases and the keys attached to each. Which lease a key has is in its {@link IndexEntry}, and
 * in its row; the sets here are the way back.
 *
 * <p>The apply thread changes it, any thread reads. What a command attaches and detaches shows when
 * the command is over, to all at once.
 */
final class Leases {
    private final Map<Long, Attached> byId = new ConcurrentHashMap<>();

    /** What the running command does, in order. */
    private final List<Change> changes = new ArrayList<>();

    private Leases() {}

    /** Takes the leases of a store, and the keys of its index. */
    static Leases of(ReadView view, KeyIndex index) {
        Leases leases = new Leases();
        try (Cursor rows = view.cursor(Keyspaces.LEASE, null, null, false)) {
            while (rows.next()) leases.add(LeaseRow.decode(rows.key(), rows.value()));
        }
        if (!leases.byId.isEmpty()) leases.attachAll(index);
        return leases;
    }

    private void attachAll(KeyIndex index) {
        KeyIndex.ascend(
                index.root(),
                null,
                null,
                newest -> {
                    attach(newest.lease, newest.key);
                    return true;
                });
        endCommand();
    }

    boolean exists(long id) {
        return byId.containsKey(id);
    }

    Optional<Lease> get(long id) {
        return Optional.ofNullable(byId.get(id)).map(attached -> attached.lease);
    }

    List<Lease> all() {
        List<Lease> all = new ArrayList<>(byId.size());
        byId.values().forEach(attached -> all.add(attached.lease));
        return all;
    }

    /** Its keys in order; empty for a lease that is not there. */
    List<byte[]> keys(long id) {
        Attached attached = byId.get(id);
        if (attached == null) return List.of();
        byte[][] keys;
        synchronized (this) {
            keys = attached.keys.toArray(byte[][]::new);
        }
        Arrays.sort(keys, Arrays::compareUnsigned);
        return List.of(keys);
    }

    /** LE-02..LE-05; the least TTL is the proposer's to see to. */
    Lease grant(Command.LeaseGrant grant, WriteBatch batch) {
        if (grant.id() == 0) throw EtcdError.LEASE_NOT_FOUND.exception();
        if (grant.ttl() > Lease.TTL_MAX) throw EtcdError.LEASE_TTL_TOO_LARGE.exception();
        if (exists(grant.id())) throw EtcdError.LEASE_EXISTS.exception();
        Lease lease = new Lease(grant.id(), grant.ttl(), 0);
        LeaseRow.put(lease, batch);
        add(lease);
        return lease;
    }

    /** SE-74: a lease that is gone meanwhile needs no checkpoint. */
    void checkpoint(Command.LeaseCheckpoint command, WriteBatch batch) {
        for (Command.Checkpoint checkpoint : command.checkpoints()) {
            Attached attached = byId.get(checkpoint.id());
            if (attached == null) continue;
            Lease old = attached.lease;
            attached.lease = new Lease(old.id(), old.ttl(), checkpoint.remaining());
            LeaseRow.put(attached.lease, batch);
        }
    }

    /** The keys are the caller's to delete in the same command, after this. */
    void revoke(long id, WriteBatch batch) {
        LeaseRow.delete(id, batch);
        byId.remove(id);
    }

    private void add(Lease lease) {
        byId.put(lease.id(), new Attached(lease));
    }

    /**
     * SE-78: a key leaves the lease it had when it gets another one, or none.
     *
     * @param key the array that all versions of the key share in the index
     * @param before 0 for none, as {@code after}
     */
    void move(byte[] key, long before, long after) {
        if (before == after) return;
        if (before != 0 && exists(before)) changes.add(new Change(before, key, false));
        attach(after, key);
    }

    private void attach(long id, byte[] key) {
        if (id != 0) changes.add(new Change(id, key, true));
    }

    /** Shows what the command did. */
    void endCommand() {
        if (changes.isEmpty()) return;
        synchronized (this) {
            changes.forEach(this::show);
        }
        changes.clear();
    }

    private void show(Change change) {
        Attached attached = byId.get(change.id);
        if (attached == null) return; // of a store that was left with keys of no lease
        if (change.attach) attached.keys.add(change.key);
        else attached.keys.remove(change.key);
    }

    private record Change(long id, byte[] key, boolean attach) {}

    private static final class Attached {
        volatile Lease lease;

        /**
         * By identity: while a key is live, all its versions share one array. Small, for there may
         * be many leases of one key. Guarded by the monitor of the outer object.
         */
        final Set<byte[]> keys = Collections.newSetFromMap(new IdentityHashMap<>(1));

        Attached(Lease lease) {
            this.lease = lease;
        }
    }
}
