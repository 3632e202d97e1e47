package io.quorate.engine.bolt;

import io.quorate.engine.state.KeyRows;
import io.quorate.engine.state.Keyspaces;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.MemberJson;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.StorageException;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/**
 * Feeds a snapshot file into a state of a new cluster (UT-04): the keys and all that belongs to
 * them as they are, the members replaced, and what tells of the old cluster's log left out.
 */
public final class StateRestore {
    private static final byte[] SCHEDULED_COMPACTION = utf8("scheduledCompactRev");

    /** Derived again from the new cluster whenever it is asked for. */
    private static final Set<String> OF_THE_OLD_LOG =
            Set.of("confState", "consistent_index", "storageVersion", "term");

    private final BoltFile file;
    private final List<Member> members;
    private final OptionalLong newest;

    /**
     * @param members of the new cluster
     * @param newest revision to end with, above all in the file, and to mark as compacted, so that
     *     watchers of the old cluster hear that they have missed something (UT-05)
     */
    public StateRestore(BoltFile file, List<Member> members, OptionalLong newest) {
        this.file = file;
        this.members = List.copyOf(members);
        this.newest = newest;
    }

    /**
     * Feeds all keyspaces; the commit is the caller's. The heap holds a few pages of the file.
     *
     * @throws StorageException.Corruption for a file that is damaged, or that has buckets that no
     *     etcd has; {@link SnapshotStatus#of} finds the damage before anything is written
     */
    public void feed(Install install) {
        refuseUnknownBuckets();
        for (Keyspace keyspace : Keyspaces.ALL) {
            if (keyspace.equals(Keyspaces.KEY)) feedKeys(install);
            else if (keyspace.equals(Keyspaces.META)) feedMeta(install);
            else if (keyspace.equals(Keyspaces.MEMBERS)) feedMembers(install);
            else if (!keyspace.equals(Keyspaces.MEMBERS_REMOVED)) feedAll(keyspace, install);
        }
    }

    /** The file may be another program's, and what we do not know we could only lose. */
    private void refuseUnknownBuckets() {
        Set<String> known = Set.copyOf(Keyspaces.ALL.stream().map(Keyspace::name).toList());
        for (byte[] bucket : file.buckets()) {
            String name = new String(bucket, StandardCharsets.UTF_8);
            if (!known.contains(name)) {
                throw new StorageException.Foreign(
                        file.path()
                                + " has a bucket \""
                                + name
                                + "\", which no snapshot of etcd 3.0 to 3.7 has; give a file that"
                                + " \"etcdctl snapshot save\" wrote");
            }
        }
    }

    private void feedKeys(Install install) {
        feedAll(Keyspaces.KEY, install);
        // etcd's own form: a row with nothing in it.
        if (newest.isPresent())
            install.put(Keyspaces.KEY, KeyRows.rowKey(newest.getAsLong()), new byte[0]);
    }

    private void feedMeta(Install install) {
        TreeMap<byte[], byte[]> meta = new TreeMap<>(Arrays::compareUnsigned);
        try (Cursor cursor = cursor(Keyspaces.META)) {
            while (cursor.next()) {
                String name = new String(cursor.key(), StandardCharsets.UTF_8);
                if (!OF_THE_OLD_LOG.contains(name)) meta.put(cursor.key(), cursor.value());
            }
        }
        if (newest.isPresent()) meta.put(SCHEDULED_COMPACTION, KeyRows.rowKey(newest.getAsLong()));
        feed(Keyspaces.META, meta, install);
    }

    private void feedMembers(Install install) {
        TreeMap<byte[], byte[]> rows = new TreeMap<>(Arrays::compareUnsigned);
        for (Member member : members)
            rows.put(utf8(Long.toHexString(member.id())), MemberJson.write(member));
        feed(Keyspaces.MEMBERS, rows, install);
    }

    private void feedAll(Keyspace keyspace, Install install) {
        try (Cursor cursor = cursor(keyspace)) {
            while (cursor.next()) install.put(keyspace, cursor.key(), cursor.value());
        }
    }

    private static void feed(Keyspace keyspace, Map<byte[], byte[]> rows, Install install) {
        rows.forEach((key, value) -> install.put(keyspace, key, value));
    }

    private Cursor cursor(Keyspace keyspace) {
        return file.cursor(utf8(keyspace.name()), null, null);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
