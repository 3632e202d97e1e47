package io.quorate.engine.state;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The hashes of the last compactions since the process started (SE-67). Filled by the apply thread,
 * read by any thread.
 */
final class CompactionHashes {
    private static final int KEPT = 10;

    private volatile List<KvHash> hashes = List.of();

    /** Oldest first. */
    List<KvHash> list() {
        return hashes;
    }

    Optional<KvHash> at(long revision) {
        return hashes.stream().filter(hash -> hash.hashRevision() == revision).findFirst();
    }

    void add(KvHash hash) {
        List<KvHash> all = new ArrayList<>(hashes);
        all.add(hash);
        all.sort(Comparator.comparingLong(KvHash::hashRevision));
        hashes = List.copyOf(all.subList(Math.max(0, all.size() - KEPT), all.size()));
    }
}
