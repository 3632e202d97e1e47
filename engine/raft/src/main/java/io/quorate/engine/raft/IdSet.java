package io.quorate.engine.raft;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * An immutable set of member ids in ascending order. Ids are unsigned: half of the ids etcd hands
 * out would be negative as a {@code long}. Groups are small, so sorted arrays beat hashing and give
 * every member the same order of iteration.
 */
final class IdSet {
    static final IdSet EMPTY = new IdSet(new long[0]);

    private final long[] ids;

    private IdSet(long[] sorted) {
        this.ids = sorted;
    }

    static IdSet of(long... ids) {
        var set = EMPTY;
        for (long id : ids) set = set.with(id);
        return set;
    }

    static IdSet of(Collection<Long> ids) {
        var set = EMPTY;
        for (long id : ids) set = set.with(id);
        return set;
    }

    int size() {
        return ids.length;
    }

    boolean isEmpty() {
        return ids.length == 0;
    }

    /** The id at this position of the ascending order. */
    long get(int position) {
        return ids[position];
    }

    boolean contains(long id) {
        for (long each : ids) if (each == id) return true;
        return false;
    }

    IdSet with(long id) {
        if (contains(id)) return this;
        int at = 0;
        while (at < ids.length && Long.compareUnsigned(ids[at], id) < 0) at++;
        var more = new long[ids.length + 1];
        System.arraycopy(ids, 0, more, 0, at);
        more[at] = id;
        System.arraycopy(ids, at, more, at + 1, ids.length - at);
        return new IdSet(more);
    }

    IdSet without(long id) {
        if (!contains(id)) return this;
        var fewer = new long[ids.length - 1];
        int n = 0;
        for (long each : ids) if (each != id) fewer[n++] = each;
        return new IdSet(fewer);
    }

    IdSet union(IdSet other) {
        var set = this;
        for (long id : other.ids) set = set.with(id);
        return set;
    }

    /** How many ids are in exactly one of the two sets. */
    int differences(IdSet other) {
        int n = 0;
        for (long id : ids) if (!other.contains(id)) n++;
        for (long id : other.ids) if (!contains(id)) n++;
        return n;
    }

    List<Long> toList() {
        var list = new ArrayList<Long>(ids.length);
        for (long id : ids) list.add(id);
        return List.copyOf(list);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof IdSet set && Arrays.equals(ids, set.ids);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(ids);
    }

    /** As in {@code (1 2 a)}: hexadecimal, as members are named everywhere. */
    @Override
    public String toString() {
        var text = new StringBuilder("(");
        for (long id : ids) {
            if (text.length() > 1) text.append(' ');
            text.append(Long.toHexString(id));
        }
        return text.append(')').toString();
    }
}
