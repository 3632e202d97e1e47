package io.quorate.engine.state;

import java.util.Optional;

/**
 * A compaction whose rows are all removed.
 *
 * @param revision that it compacted to
 * @param rows removed since the compaction, or the process, started
 * @param hash of all rows up to the revision as they were before, under the compact revision
 *     before; empty when an earlier compaction had left rows, so that members may differ in it
 */
public record CompactionReport(long revision, long rows, Optional<KvHash> hash) {}
