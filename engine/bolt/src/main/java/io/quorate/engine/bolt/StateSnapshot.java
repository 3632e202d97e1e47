package io.quorate.engine.bolt;

import io.quorate.engine.state.Keyspaces;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.MemberJson;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.ReadView;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A state in etcd's buckets (DD-05, MA-17). All ten are there, empty or not. What etcd keeps beside
 * the keys and this server elsewhere is added to {@code meta}: {@code consistent_index} and {@code
 * term} from the view's position, {@code confState} from the members, {@code storageVersion} from
 * the cluster version; and to {@code auth} its first revision.
 */
public final class StateSnapshot implements BoltContent {
    private static final byte[] CLUSTER_VERSION = name("clusterVersion");
    private static final byte[] AUTH_REVISION = name("authRevision");
    private static final byte[] CONF_STATE = name("confState");
    private static final byte[] CONSISTENT_INDEX = name("consistent_index");
    private static final byte[] STORAGE_VERSION = name("storageVersion");
    private static final byte[] TERM = name("term");

    private static final List<Keyspace> BY_NAME =
            Keyspaces.ALL.stream().sorted(Comparator.comparing(Keyspace::name)).toList();

    private final ReadView view;

    /**
     * @param view stays the caller's; open as long as this is fed
     */
    public StateSnapshot(ReadView view) {
        this.view = view;
    }

    /**
     * Version of the storage as etcd names it, {@code 3.7.0}; empty before 3.6, which stored none
     * (MA-15, DD-07).
     */
    public Optional<String> storageVersion() {
        return Optional.ofNullable(view.get(Keyspaces.CLUSTER, CLUSTER_VERSION))
                .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
                .filter(StateSnapshot::isStored);
    }

    private static boolean isStored(String version) {
        String[] parts = version.split("\\.");
        int major = Integer.parseInt(parts[0]);
        return major > 3 || major == 3 && Integer.parseInt(parts[1]) >= 6;
    }

    @Override
    public void feed(Sink sink) throws IOException {
        for (Keyspace keyspace : BY_NAME) {
            sink.bucket(name(keyspace.name()));
            if (keyspace.equals(Keyspaces.META)) feed(meta(), sink);
            else if (keyspace.equals(Keyspaces.AUTH)) feed(auth(), sink);
            else feed(keyspace, sink);
        }
    }

    private void feed(Keyspace keyspace, Sink sink) throws IOException {
        try (Cursor cursor = view.cursor(keyspace, null, null, false)) {
            while (cursor.next()) sink.put(cursor.key(), cursor.value());
        }
    }

    private static void feed(Map<byte[], byte[]> entries, Sink sink) throws IOException {
        for (Map.Entry<byte[], byte[]> entry : entries.entrySet())
            sink.put(entry.getKey(), entry.getValue());
    }

    private Map<byte[], byte[]> meta() {
        Map<byte[], byte[]> meta = small(Keyspaces.META);
        meta.put(CONSISTENT_INDEX, number(view.applied().index()));
        meta.put(TERM, number(view.applied().term()));
        meta.computeIfAbsent(CONF_STATE, missing -> confState());
        storageVersion().ifPresent(version -> meta.put(STORAGE_VERSION, name(version)));
        return meta;
    }

    private Map<byte[], byte[]> auth() {
        Map<byte[], byte[]> auth = small(Keyspaces.AUTH);
        auth.putIfAbsent(AUTH_REVISION, number(1));
        return auth;
    }

    /** A keyspace of a few rows, in the heap. */
    private Map<byte[], byte[]> small(Keyspace keyspace) {
        Map<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);
        try (Cursor cursor = view.cursor(keyspace, null, null, false)) {
            while (cursor.next()) entries.put(cursor.key(), cursor.value());
        }
        return entries;
    }

    /** The JSON that Go makes of raft's ConfState. */
    private byte[] confState() {
        List<Member> members = new ArrayList<>();
        try (Cursor cursor = view.cursor(Keyspaces.MEMBERS, null, null, false)) {
            while (cursor.next()) members.add(MemberJson.read(cursor.value()));
        }
        return name(
                "{"
                        + ids("voters", members.stream().filter(m -> !m.learner()).toList())
                        + ids("learners", members.stream().filter(Member::learner).toList())
                        + "\"auto_leave\":false}");
    }

    private static String ids(String name, List<Member> members) {
        if (members.isEmpty()) return "";
        return members.stream()
                .map(Member::id)
                .sorted(Long::compareUnsigned)
                .map(Long::toUnsignedString)
                .collect(Collectors.joining(",", "\"" + name + "\":[", "],"));
    }

    private static byte[] number(long value) {
        return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
    }

    private static byte[] name(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
