package io.quorate.engine.node;

import io.quorate.engine.raft.ConfChange;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.MemberJson;
import io.quorate.engine.state.StateMachine;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.StorageException;

/** Membership changes of the log as changes of the state. */
final class MembershipChange {
    private MembershipChange() {}

    /**
     * Applies a change to the state's members.
     *
     * @return the member that was added
     * @throws io.quorate.engine.state.EtcdException when the state refuses it
     */
    static Member apply(StateMachine state, ConfChange change, Applied at) {
        if (change.steps().size() != 1) {
            throw unknown(change, at, null);
        }
        Member member =
                switch (change.steps().getFirst().kind()) {
                    case ADD_NODE, ADD_LEARNER_NODE -> member(change, at);
                    case REMOVE_NODE, UPDATE_NODE -> throw unknown(change, at, null);
                };
        state.apply(new Command.MemberAdd(member), at);
        return member;
    }

    private static Member member(ConfChange change, Applied at) {
        try {
            return MemberJson.read(change.context());
        } catch (StorageException.Corruption e) {
            throw unknown(change, at, e);
        }
    }

    private static StorageException.Corruption unknown(
            ConfChange change, Applied at, Exception cause) {
        return new StorageException.Corruption(
                "entry %d of the Raft log is a membership change not known to release %s (%s); start the release that wrote it"
                        .formatted(at.index(), Version.ETCD, change.steps()),
                cause);
    }
}
