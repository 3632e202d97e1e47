package io.quorate.backend.file;

import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;

/**
 * What the units up to some point say. With this a segment starts, so that it can be read without
 * the segments before it. Guarded as the group that it belongs to.
 */
final class WalTail {
    private long lastIndex;
    private Identity identity;
    private HardState hardState;
    private long baseIndex;
    private long baseTerm;

    WalTail(WalRecovery.Found found) {
        lastIndex = found.index().lastIndex();
        identity = found.identity();
        hardState = found.hardState();
        baseIndex = found.index().baseIndex();
        baseTerm = found.index().baseTerm();
    }

    WalTail(WalTail other) {
        lastIndex = other.lastIndex;
        identity = other.identity;
        hardState = other.hardState;
        baseIndex = other.baseIndex;
        baseTerm = other.baseTerm;
    }

    long lastIndex() {
        return lastIndex;
    }

    long baseIndex() {
        return baseIndex;
    }

    void add(WalUnit unit) {
        if (!unit.entries.isEmpty()) lastIndex = unit.entries.getLast().index();
        if (unit.hardState != null) hardState = unit.hardState;
        switch (unit.controlKind) {
            case WalFormat.IDENTITY -> identity = new Identity(unit.control[0], unit.control[1]);
            case WalFormat.BASE -> setBase(unit.control);
            case WalFormat.RESET -> {
                setBase(unit.control);
                lastIndex = baseIndex;
                hardState = FileRaftLog.withCommitAtLeast(hardState, baseIndex);
            }
            default -> {}
        }
    }

    private void setBase(long[] control) {
        baseIndex = control[0];
        baseTerm = control[1];
    }

    /**
     * The first record of a segment that starts here.
     *
     * @param previousId 0 for none
     */
    WalFormat.SegmentStart start(long previousId, long previousEnd) {
        return new WalFormat.SegmentStart(
                previousId, previousEnd, lastIndex, identity, hardState, baseIndex, baseTerm);
    }
}
