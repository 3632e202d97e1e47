package io.quorate.engine.node;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.quorate.engine.raft.ConfState;
import io.quorate.engine.raft.Peer;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.MemberJson;
import io.quorate.engine.state.StateMachine;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StorageException;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a replica begins with: a new cluster from the configuration (CS-05), or log and state as an
 * earlier life left them. Refuses a log and a state that do not belong together.
 *
 * @param identity who this member is
 * @param firstMembers of a new cluster, with the membership change for each; empty on a restart
 * @param conf membership as of what the state has applied
 */
record Bootstrap(Identity identity, List<Peer> firstMembers, ConfState conf) {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    /**
     * @param state as it was found
     * @throws IllegalArgumentException when the configuration does not fit the data, or itself
     * @throws StorageException when log and state cannot be used
     */
    static Bootstrap of(
            NodeConfig config, ClusterSettings cluster, RaftLog log, StateMachine state) {
        // Before the first write, so that a corrected configuration finds the directory empty.
        if (log.identity() == null) {
            checkReachable(config, cluster);
        }
        boolean untouched =
                log.lastIndex() == 0
                        && log.hardState().equals(HardState.EMPTY)
                        && state.applied().index() == 0;
        if (!untouched) {
            Bootstrap restart = restart(log, state);
            if (cluster.forceNewCluster()) {
                ForcedCluster.write(log, state, restart.identity);
            }
            return restart;
        }
        return cluster.join()
                .map(running -> join(config, running, log))
                .orElseGet(() -> newCluster(config, log));
    }

    private static void checkReachable(NodeConfig config, ClusterSettings cluster) {
        int members = config.initialCluster().size();
        if (members > 1 && cluster.network().isEmpty()) {
            throw new IllegalArgumentException(
                    "the initial cluster has "
                            + members
                            + " members, but this member has no network to the others; name it alone"
                            + " in the initial cluster, or give it a transport");
        }
    }

    /** RC-09: who joins has nothing yet and hears everything from the leader. */
    private static Bootstrap join(NodeConfig config, RunningCluster running, RaftLog log) {
        List<String> own = config.peerUrls().stream().sorted().toList();
        Member self =
                running.members().stream()
                        .filter(member -> member.peerUrls().stream().sorted().toList().equals(own))
                        .findFirst()
                        .orElseThrow(() ->
                                new IllegalArgumentException(
                                        "no member of the running cluster has the peer URLs "
                                                + own
                                                + "; add this one with etcdctl member add, then"
                                                + " start it"));
        Identity identity = new Identity(running.clusterId(), self.id());
        take(log, identity);
        LOGGER.log(INFO, "joining existing cluster", about(identity));
        return new Bootstrap(identity, List.of(), ConfState.EMPTY);
    }

    // A crash between this write and the first unit of the log leaves an identity and nothing else;
    // the next start then goes on from here.
    private static void take(RaftLog log, Identity identity) {
        if (log.identity() == null) {
            log.initialize(identity);
        } else if (!log.identity().equals(identity)) {
            throw new IllegalArgumentException(
                    "the data directory was made for %s, but the configuration makes %s; give the"
                                    .formatted(text(log.identity()), text(identity))
                            + " initial cluster and token of the first start, or an empty data"
                            + " directory");
        }
    }

    private static Map<String, Object> about(Identity identity) {
        return Fields.of(
                "local-member-id",
                Long.toHexString(identity.memberId()),
                "cluster-id",
                Long.toHexString(identity.clusterId()));
    }

    /** The members of a new cluster with their ids, ascending. */
    static List<Member> initialMembers(NodeConfig config) {
        return MemberIds.founders(config.initialCluster(), config.token());
    }

    private static Bootstrap newCluster(NodeConfig config, RaftLog log) {
        List<Member> members = initialMembers(config);
        Identity identity = identity(config, members);
        take(log, identity);
        LOGGER.log(INFO, "starting local member", about(identity));
        List<Peer> peers =
                members.stream().map(m -> new Peer(m.id(), MemberJson.write(m))).toList();
        return new Bootstrap(identity, peers, ConfState.EMPTY);
    }

    private static Identity identity(NodeConfig config, List<Member> members) {
        Set<Long> ids = new HashSet<>();
        for (Member member : members) {
            if (!ids.add(member.id())) {
                throw new IllegalArgumentException(
                        "two members of the initial cluster have the peer URLs "
                                + member.peerUrls()
                                + "; give each its own");
            }
        }
        Member self =
                members.stream()
                        .filter(member -> member.name().equals(config.name()))
                        .findFirst()
                        .orElseThrow(() ->
                                new IllegalArgumentException(
                                        "couldn't find local name \""
                                                + config.name()
                                                + "\" in the initial cluster"
                                                + " configuration"));
        return new Identity(MemberIds.cluster(ids), self.id());
    }

    private static Bootstrap restart(RaftLog log, StateMachine state) {
        Applied applied = state.applied();
        List<Member> members = state.members();
        Identity identity = log.identity();
        if (identity == null) {
            throw corrupt(
                    "the state stands at index %d, but the Raft log is new; put the log directory"
                            + " back that belongs to this state, or start from a snapshot",
                    applied.index());
        }
        if (applied.index() > log.lastIndex() || isInstalledOver(log, applied)) {
            // I5: a crash between the install of a snapshot and the reset of the log.
            LOGGER.log(
                    WARNING,
                    "the state is ahead of the log; beginning the log anew at the state",
                    Fields.of("state-index", applied.index(), "log-index", log.lastIndex()));
            log.reset(applied.index(), applied.term());
        }
        checkConnected(log, applied);
        boolean member = members.stream().anyMatch(m -> m.id() == identity.memberId());
        // A member that was removed starts once more, to say so (EX-03). One that joined knows
        // nobody before the entries that made the cluster have come.
        if (!members.isEmpty() && !member && !state.isRemovedMember(identity.memberId())) {
            throw corrupt(
                    "the log is of %s, which is no member of the cluster in the state at index %d;"
                            + " put log and state of one member together, or add this one anew",
                    text(identity), applied.index());
        }
        LOGGER.log(
                INFO,
                "restarting local member",
                Fields.of(
                        "cluster-id",
                        Long.toHexString(identity.clusterId()),
                        "local-member-id",
                        Long.toHexString(identity.memberId()),
                        "commit-index",
                        Math.max(log.hardState().commit(), applied.index())));
        return new Bootstrap(identity, List.of(), SnapshotFeed.conf(members));
    }

    // A log that has another entry where the state stands, and never heard that it is committed,
    // was about to be replaced with the state.
    private static boolean isInstalledOver(RaftLog log, Applied applied) {
        return applied.index() > log.baseIndex()
                && applied.index() > log.hardState().commit()
                && log.term(applied.index()) != applied.term();
    }

    // I4: the log reaches back to the state, and both mean the same entry there.
    private static void checkConnected(RaftLog log, Applied applied) {
        if (applied.index() < log.baseIndex()) {
            throw corrupt(
                    "the state stands at index %d, but the log begins after %d, so the entries"
                            + " between are lost; restore log and state from one backup, or remove"
                            + " this member from the cluster and add it anew",
                    applied.index(), log.baseIndex());
        }
        long term = log.term(applied.index());
        if (term != applied.term()) {
            throw corrupt(
                    "the state stands at index %d of term %d, but the log has term %d there; put"
                            + " log and state of one member together",
                    applied.index(), applied.term(), term);
        }
    }

    private static StorageException.Corruption corrupt(String format, Object... args) {
        return new StorageException.Corruption(format.formatted(args), null);
    }

    private static String text(Identity identity) {
        return "member %x of cluster %x".formatted(identity.memberId(), identity.clusterId());
    }
}
