package io.quorate.engine.raft;

import java.util.List;

/**
 * A membership change. How it is made follows from its shape:
 *
 * <ul>
 *   <li>one step and {@link Transition#AUTO}: at once, as a simple change;
 *   <li>more steps, or another transition: through a joint configuration;
 *   <li>no step and {@link Transition#AUTO}: leaves the joint configuration.
 * </ul>
 *
 * @param transition how a joint configuration is entered and left
 * @param steps what changes; empty to leave a joint configuration
 * @param context opaque to the algorithm
 * @param id opaque to the algorithm; only the encoding {@link EntryType#CONF_CHANGE} carries it
 * @param encoding {@link EntryType#CONF_CHANGE} (one step, no transition) or {@link
 *     EntryType#CONF_CHANGE_V2} (any shape): what the change is in the log
 */
public record ConfChange(
        Transition transition, List<Step> steps, byte[] context, long id, EntryType encoding) {
    /** Leaves a joint configuration. */
    static final ConfChange LEAVE_JOINT = new ConfChange(Transition.AUTO, List.of(), new byte[0]);

    public ConfChange {
        steps = List.copyOf(steps);
        boolean fits =
                switch (encoding) {
                    case CONF_CHANGE -> steps.size() == 1 && transition == Transition.AUTO;
                    case CONF_CHANGE_V2 -> id == 0;
                    case NORMAL -> false;
                };
        if (!fits) {
            throw new IllegalArgumentException(
                    "the encoding " + encoding + " cannot hold " + steps + ", " + transition);
        }
    }

    /** A change of any shape. */
    public ConfChange(Transition transition, List<Step> steps, byte[] context) {
        this(transition, steps, context, 0, EntryType.CONF_CHANGE_V2);
    }

    /** A simple change in the original encoding, which is the one etcd's members propose. */
    public static ConfChange single(long id, Kind kind, long member, byte[] context) {
        var steps = List.of(new Step(kind, member));
        return new ConfChange(Transition.AUTO, steps, context, id, EntryType.CONF_CHANGE);
    }

    /** How a joint configuration is used. The order is the wire number. */
    public enum Transition {
        /** A joint configuration only if need be, left by itself. */
        AUTO,
        /** A joint configuration in any case, left by itself. */
        JOINT_IMPLICIT,
        /** A joint configuration in any case, left by a further change without steps. */
        JOINT_EXPLICIT;

        private String wireName() {
            return switch (this) {
                case AUTO -> "ConfChangeTransitionAuto";
                case JOINT_IMPLICIT -> "ConfChangeTransitionJointImplicit";
                case JOINT_EXPLICIT -> "ConfChangeTransitionJointExplicit";
            };
        }
    }

    /** What happens to one member. The order is the wire number. */
    public enum Kind {
        ADD_NODE,
        REMOVE_NODE,
        UPDATE_NODE,
        ADD_LEARNER_NODE;

        private String wireName() {
            return switch (this) {
                case ADD_NODE -> "ConfChangeAddNode";
                case REMOVE_NODE -> "ConfChangeRemoveNode";
                case UPDATE_NODE -> "ConfChangeUpdateNode";
                case ADD_LEARNER_NODE -> "ConfChangeAddLearnerNode";
            };
        }
    }

    /**
     * The change of one member.
     *
     * @param kind what happens to it
     * @param id the member; 0 voids the step
     */
    public record Step(Kind kind, long id) {}

    boolean leavesJoint() {
        return transition == Transition.AUTO && steps.isEmpty();
    }

    boolean entersJoint() {
        return transition != Transition.AUTO || steps.size() > 1;
    }

    boolean autoLeave() {
        return transition != Transition.JOINT_EXPLICIT;
    }

    /** The same change with every step voided: what is applied instead of a refused change. */
    public ConfChange voided() {
        var none = steps.stream().map(step -> new Step(step.kind(), 0)).toList();
        return new ConfChange(transition, none, context, id, encoding);
    }

    /** For traces. */
    String describe() {
        var text = new StringBuilder("transition:").append(transition.wireName());
        for (var step : steps) {
            text.append(" changes:{type:").append(step.kind().wireName());
            text.append(" node_id:").append(Long.toUnsignedString(step.id())).append('}');
        }
        if (context.length > 0) text.append(" context:").append(context.length).append(" bytes");
        return text.toString();
    }
}
