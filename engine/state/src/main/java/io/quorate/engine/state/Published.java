package io.quorate.engine.state;

import io.quorate.spi.storage.Applied;

/**
 * All that a read needs to be consistent, swapped as one reference after each command (KV-23).
 *
 * @param root the key index, frozen
 * @param revision current revision
 * @param compactRevision reads below it are refused; -1 before the first compaction
 * @param applied position of the last command in it
 */
record Published(KeyIndex.Node root, long revision, long compactRevision, Applied applied) {}
