package io.quorate.engine.raft;

import java.util.List;

/**
 * A membership change of any shape; a single step without explicit transition is a simple change.
 *
 * @param transition how a joint configuration is entered and left
 * @param steps what changes; empty to leave a joint configuration
 * @param context opaque to the algorithm
 */
public record ConfChange(Transition transition, List<Step> steps, byte[] context) {
    /** How a joint configuration is used. The order is the wire number. */
    public enum Transition {
        AUTO,
        JOINT_IMPLICIT,
        JOINT_EXPLICIT
    }

    /** What happens to one member. The order is the wire number. */
    public enum Kind {
        ADD_NODE,
        REMOVE_NODE,
        UPDATE_NODE,
        ADD_LEARNER_NODE
    }

    public record Step(Kind kind, long id) {}
}
