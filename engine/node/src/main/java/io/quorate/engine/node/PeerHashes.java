package io.quorate.engine.node;

import io.quorate.engine.state.KvHash;

import java.util.List;

/** How a member asks the others for their hashes. */
interface PeerHashes {
    /** Of a cluster of one. */
    PeerHashes NOBODY = revision -> List.of();

    /** One answer for each other member, waited for within a bound of the implementation. */
    List<PeerHash> at(long revision);

    /** What one member said. */
    sealed interface PeerHash {
        long memberId();
    }

    record Answered(long memberId, KvHash hash) implements PeerHash {}

    /**
     * @param reason why there is no hash: the member's error text, or what became of the call
     */
    record Unanswered(long memberId, String reason) implements PeerHash {}
}
