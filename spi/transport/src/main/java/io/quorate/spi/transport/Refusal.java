package io.quorate.spi.transport;

/** Why two members do not talk. */
public enum Refusal {
    /** The other one belongs to another cluster (EX-08). */
    CLUSTER_ID_MISMATCH,
    /** Somebody else than the wanted member listens there. */
    MEMBER_ID_MISMATCH,
    /** The one who connects was removed from the cluster (PE-13). */
    REMOVED,
    /** Their versions do not go together (PE-12). */
    INCOMPATIBLE_VERSION,
    /** They speak different protocols, most likely because they use different transports. */
    OTHER_TRANSPORT
}
