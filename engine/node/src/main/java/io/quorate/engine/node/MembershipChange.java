package io.quorate.engine.node;

import io.quorate.engine.raft.ConfChange;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.MemberJson;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.StorageException;

import java.util.List;

/** Membership changes of the log and the commands of the state that they stand for. */
final class MembershipChange {
    private static final byte[] NO_CONTEXT = {};

    private MembershipChange() {}

    /** Whether a command is a change of raft's membership, an entry of a type of its own. */
    static boolean isOne(Command command) {
        return command instanceof Command.MemberAdd
                || command instanceof Command.MemberRemove
                || command instanceof Command.MemberUpdate
                || command instanceof Command.MemberPromote;
    }

    /**
     * The change of the log for a command, with the contexts that etcd writes.
     *
     * @throws IllegalArgumentException for a command that {@link #isOne} says no to
     */
    static ConfChange of(long requestId, Command command) {
        return switch (command) {
            case Command.MemberAdd(Member member) ->
                    ConfChange.single(
                            requestId,
                            member.learner()
                                    ? ConfChange.Kind.ADD_LEARNER_NODE
                                    : ConfChange.Kind.ADD_NODE,
                            member.id(),
                            MemberJson.write(member));
            case Command.MemberRemove(long id) ->
                    ConfChange.single(requestId, ConfChange.Kind.REMOVE_NODE, id, NO_CONTEXT);
            case Command.MemberUpdate(long id, var urls) ->
                    ConfChange.single(
                            requestId,
                            ConfChange.Kind.UPDATE_NODE,
                            id,
                            MemberJson.write(new Member(id, "", urls, List.of(), false)));
            case Command.MemberPromote(long id) ->
                    ConfChange.single(
                            requestId, ConfChange.Kind.ADD_NODE, id, MemberJson.writePromotion(id));
            default -> throw new IllegalArgumentException("no membership change: " + command);
        };
    }

    /**
     * The command that a change of the log stands for.
     *
     * @throws StorageException.Corruption for one that this release does not know
     */
    static Command command(ConfChange change, Applied at) {
        if (change.steps().size() != 1) {
            throw unknown(change, at, null);
        }
        ConfChange.Step step = change.steps().getFirst();
        try {
            return switch (step.kind()) {
                case ADD_NODE ->
                        MemberJson.isPromotion(change.context())
                                ? new Command.MemberPromote(step.id())
                                : new Command.MemberAdd(MemberJson.read(change.context()));
                case ADD_LEARNER_NODE -> new Command.MemberAdd(MemberJson.read(change.context()));
                case REMOVE_NODE -> new Command.MemberRemove(step.id());
                case UPDATE_NODE ->
                        new Command.MemberUpdate(
                                step.id(), MemberJson.read(change.context()).peerUrls());
            };
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
