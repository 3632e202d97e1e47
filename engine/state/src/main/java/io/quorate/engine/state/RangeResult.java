package io.quorate.engine.state;

import java.util.List;

/**
 * The answer of a read.
 *
 * @param revision the store's revision when it was read (KV-20)
 * @param kvs what was found
 * @param more whether {@code limit} cut the answer (KV-10)
 * @param count keys in the range before limit and filters (KV-11)
 */
public record RangeResult(long revision, List<KeyValue> kvs, boolean more, long count) {}
