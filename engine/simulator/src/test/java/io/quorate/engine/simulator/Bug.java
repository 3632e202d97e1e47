package io.quorate.engine.simulator;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Bugs of the kind that such systems have had, to see that the simulation finds them. */
enum Bug {
    ACK_BEFORE_FSYNC(
            "node/src/main/java/io/quorate/engine/node/ReplicaLoop.java",
            "await(new Unit(durable, message.responses(), hasEntries));",
            "await(new Unit(hasEntries ? CompletableFuture.completedFuture(null) : durable,"
                    + " message.responses(), hasEntries));"),
    VOTES_ASKED_FOR_BEFORE_FSYNC(
            "node/src/main/java/io/quorate/engine/node/ReplicaLoop.java",
            "} else if (message.type() == MessageType.VOTE) {",
            "} else if (message.type() == MessageType.VOTE) {\n                peers.send(message);"),
    VOTE_NOT_PERSISTED(
            "node/src/main/java/io/quorate/engine/node/RaftLogStorage.java",
            "latest.term(), latest.vote(), latest.commit());",
            "latest.term(), 0, latest.commit());"),
    READ_WITHOUT_QUORUM(
            "raft/src/main/java/io/quorate/engine/raft/Leader.java",
            "raft.tracker.isSingleton()\n",
            "true || raft.tracker.isSingleton()\n"),
    READ_CONFIRMED_BY_AN_OLD_ROUND(
            "raft/src/main/java/io/quorate/engine/raft/ReadOnly.java",
            """
                    if (round.length != Long.BYTES) return;
                    // No more can be confirmed than was asked.
                    long number = Math.min((long) LONG.get(round, 0), confirmed + waiting.size());
            """,
            """
                    long number = confirmed + waiting.size();
            """),
    READ_BEFORE_OWN_TERM_COMMITTED(
            "raft/src/main/java/io/quorate/engine/raft/Leader.java",
            "return log.committed() >= firstIndexOfTerm;",
            "return true;"),
    READ_BEFORE_APPLY(
            "node/src/main/java/io/quorate/engine/node/ReadIndexQueue.java",
            "if (round.index <= applied) {",
            "if (true) {"),
    /** Shows with messages of one entry only; larger ones bring an entry of the new term along. */
    OLD_TERM_COMMITTED_BY_COUNTING(
            new Mutant.Edit(
                    "raft/src/main/java/io/quorate/engine/raft/RaftLogView.java",
                    "if (id.index() <= committed || id.term() == 0 || !matches(id)) return false;",
                    "if (id.index() <= committed || id.term() == 0) return false;"),
            new Mutant.Edit(
                    "node/src/main/java/io/quorate/engine/node/Assembly.java",
                    "MESSAGE_BYTES_MAX = 1 << 20;",
                    "MESSAGE_BYTES_MAX = 0;")),
    VOTE_FOR_AN_OLDER_LOG(
            "raft/src/main/java/io/quorate/engine/raft/Raft.java",
            "if (free && log.isUpToDate(new EntryId(m.logTerm(), m.index()))) {",
            "if (free) {"),
    APPLY_BEFORE_DURABLE(
            "raft/src/main/java/io/quorate/engine/raft/RaftLogView.java",
            "return applyUnstable ? committed : Math.min(committed, unstable.offset() - 1);",
            "return committed;"),
    TWO_MEMBERSHIP_CHANGES_AT_ONCE(
            "raft/src/main/java/io/quorate/engine/raft/Leader.java",
            "if (pendingConfIndex > log.applied()) {",
            "if (false) {"),
    OLD_APPEND_CUTS_THE_LOG(
            "raft/src/main/java/io/quorate/engine/raft/RaftLogView.java",
            "int from = firstNotHeld(entries);",
            "int from = 0;"),
    SNAPSHOT_WITHOUT_MEMBERSHIP(
            "node/src/main/java/io/quorate/engine/node/OutgoingSnapshots.java",
            "SnapshotFeed.conf(view)",
            "io.quorate.engine.raft.ConfState.EMPTY"),
    LOG_CUT_BEFORE_THE_STATE_IS_DURABLE(
            "node/src/main/java/io/quorate/engine/node/Checkpointer.java",
            "state.commit(Durability.FORCE);\n",
            "state.commit(Durability.LAZY);\n"),
    LOG_KEPT_BEHIND_A_SNAPSHOT(
            "node/src/main/java/io/quorate/engine/node/ReplicaLoop.java",
            "        storage.reset(at.index(), at.term());\n",
            ""),
    ENTRY_APPLIED_AGAIN(
            new Mutant.Edit(
                    "node/src/main/java/io/quorate/engine/node/Assembly.java",
                    "                                state.applied().index(),\n",
                    "                                Math.max(log.baseIndex(),"
                            + " state.applied().index() - 1),\n"),
            new Mutant.Edit(
                    "node/src/main/java/io/quorate/engine/node/ApplyLoop.java",
                    "if (entry.index() <= state.applied().index()) {",
                    "if (entry.index() < state.applied().index()) {")),
    PROPOSAL_MADE_TWICE(
            "node/src/main/java/io/quorate/engine/node/ReplicaLoop.java",
            "            raft.step(proposal(entries));\n",
            "            raft.step(proposal(entries));\n            raft.step(proposal(entries));\n"),
    APPLY_DEPENDS_ON_THE_MEMBER(
            "node/src/main/java/io/quorate/engine/node/ApplyLoop.java",
            "        boolean fits = quota.admits(command, state.uncommittedBytes());\n",
            "        boolean fits = quota.admits(command, state.uncommittedBytes());\n"
                    + "        if (proposal != null && command instanceof Command.DeleteRange) {\n"
                    + "            command = new Command.Compact(1, false);\n"
                    + "        }\n"),
    USERS_NOT_RELOADED_WITH_A_SNAPSHOT(
            "state/src/main/java/io/quorate/engine/state/StateMachine.java",
            "            content = Content.of(view, store, options, history);\n"
                    + "            compactionCommitted = -1;\n",
            "            AuthStore old = content.auth();\n"
                    + "            Content read = Content.of(view, store, options, history);\n"
                    + "            content = new Content(read.writer(), read.leases(),"
                    + " read.compaction(), read.membership(), read.alarms(), read.downgrade(),"
                    + " old, read.meta());\n"
                    + "            compactionCommitted = -1;\n"),
    ROLE_TAKEN_FROM_ITS_USERS_IN_THE_HEAP_ONLY(
            "state/src/main/java/io/quorate/engine/state/AuthStore.java",
            "            batch.put(Keyspaces.AUTH_USERS, AuthRows.utf8(user.name()),"
                    + " AuthRows.encode(changed));\n",
            ""),
    WHO_MAY_WRITE_DECIDED_BY_THE_PROPOSER(
            "node/src/main/java/io/quorate/engine/node/ApplyLoop.java",
            "            Result result = state.apply(command, request.caller(), at);\n",
            "            Result result = state.apply(command,"
                    + " proposal != null ? request.caller() : state.auth().root(), at);\n");

    private final List<Mutant.Edit> edits;

    Bug(String source, String good, String bad) {
        this(new Mutant.Edit(source, good, bad));
    }

    Bug(Mutant.Edit... edits) {
        this.edits = List.of(edits);
    }

    Mutant plant(Path scratch) throws IOException {
        return new Mutant(edits, scratch);
    }
}
