package io.quorate.engine.raft;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * Computes the membership that a change leads to, and refuses what is not allowed. It works on
 * copies: a refused change leaves no mark.
 *
 * <pre>
 *               simple (at most one voter differs)
 *              +------+
 *              v      |
 *   (1 2 3)  -----------  enterJoint -->  (1 2 4)&&(1 2 3)
 *   (1 2 4)  <----------  leaveJoint  --  (1 2 4)&&(1 2 3)
 * </pre>
 *
 * Simple changes are safe without a joint configuration because any two majorities of
 * configurations that differ by one voter overlap (dissertation §4.1); everything else goes through
 * joint consensus (§4.3).
 */
final class ConfChanger {
    /** A membership with the progress of each member in it. */
    record Result(Membership membership, List<Progress> members) {}

    /** The change cannot be made in this membership. */
    static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1;

        RefusedException(String message) {
            super(message, null, false, false);
        }
    }

    private final ProgressTracker tracker;
    private final long lastIndex;

    private IdSet incoming;
    private IdSet outgoing;
    private IdSet learners;
    private IdSet learnersNext;
    private boolean autoLeave;
    private final TreeMap<Long, Progress> members = new TreeMap<>(Long::compareUnsigned);

    /**
     * Prepares one change.
     *
     * @param tracker what the change starts from; not changed
     * @param lastIndex last index of the log, where new members are probed first
     */
    ConfChanger(ProgressTracker tracker, long lastIndex) {
        this.tracker = tracker;
        this.lastIndex = lastIndex;
        var from = tracker.membership();
        incoming = from.voters().incoming().ids();
        outgoing = from.voters().outgoing().ids();
        learners = from.learners();
        learnersNext = from.learnersNext();
        autoLeave = from.autoLeave();
        for (var member : tracker.members()) members.put(member.id, new Progress(member));
    }

    /** Makes a committed change. */
    static Result apply(ProgressTracker tracker, long lastIndex, ConfChange change)
            throws RefusedException {
        var changer = new ConfChanger(tracker, lastIndex);
        if (change.leavesJoint()) return changer.leaveJoint();
        if (change.entersJoint()) return changer.enterJoint(change.autoLeave(), change.steps());
        return changer.simple(change.steps());
    }

    /**
     * Brings an empty tracker to a stored membership, by the changes that lead there: what comes
     * out obeys the same rules as a membership that grew.
     */
    static void restore(ProgressTracker tracker, long lastIndex, ConfState conf)
            throws RefusedException {
        for (long id : conf.votersOutgoing()) {
            step(tracker, lastIndex, ConfChange.Kind.ADD_NODE, id);
        }
        if (conf.votersOutgoing().isEmpty()) {
            for (long id : conf.voters()) step(tracker, lastIndex, ConfChange.Kind.ADD_NODE, id);
            for (long id : conf.learners()) {
                step(tracker, lastIndex, ConfChange.Kind.ADD_LEARNER_NODE, id);
            }
            return;
        }
        var steps = new ArrayList<ConfChange.Step>();
        conf.votersOutgoing().forEach(id -> steps.add(step(ConfChange.Kind.REMOVE_NODE, id)));
        conf.voters().forEach(id -> steps.add(step(ConfChange.Kind.ADD_NODE, id)));
        conf.learners().forEach(id -> steps.add(step(ConfChange.Kind.ADD_LEARNER_NODE, id)));
        conf.learnersNext().forEach(id -> steps.add(step(ConfChange.Kind.ADD_LEARNER_NODE, id)));
        tracker.switchTo(new ConfChanger(tracker, lastIndex).enterJoint(conf.autoLeave(), steps));
    }

    private static ConfChange.Step step(ConfChange.Kind kind, long id) {
        return new ConfChange.Step(kind, id);
    }

    private static void step(ProgressTracker tracker, long lastIndex, ConfChange.Kind kind, long id)
            throws RefusedException {
        tracker.switchTo(new ConfChanger(tracker, lastIndex).simple(List.of(step(kind, id))));
    }

    /** Changes that differ in at most one voter from what is. */
    Result simple(List<ConfChange.Step> steps) throws RefusedException {
        if (isJoint()) {
            throw new RefusedException("can't apply simple config change in joint config");
        }
        var before = incoming;
        make(steps);
        if (before.differences(incoming) > 1) {
            throw new RefusedException("more than one voter changed without entering joint config");
        }
        return result();
    }

    /** Keeps the voters as the outgoing half and makes the changes in the incoming one. */
    Result enterJoint(boolean leaveByItself, List<ConfChange.Step> steps) throws RefusedException {
        if (isJoint()) throw new RefusedException("config is already joint");
        if (incoming.isEmpty()) {
            throw new RefusedException("can't make a zero-voter config joint");
        }
        outgoing = incoming;
        make(steps);
        autoLeave = leaveByItself;
        return result();
    }

    /** Drops the outgoing half; voters that were to become learners do so now. */
    Result leaveJoint() throws RefusedException {
        if (!isJoint()) throw new RefusedException("can't leave a non-joint config");
        for (int i = 0; i < learnersNext.size(); i++) {
            members.get(learnersNext.get(i)).setLearner(true);
        }
        learners = learners.union(learnersNext);
        learnersNext = IdSet.EMPTY;
        members.keySet().removeIf(id -> !incoming.contains(id) && !learners.contains(id));
        outgoing = IdSet.EMPTY;
        autoLeave = false;
        return result();
    }

    private boolean isJoint() {
        return !outgoing.isEmpty();
    }

    private void make(List<ConfChange.Step> steps) throws RefusedException {
        for (var step : steps) {
            // Id 0 is how the layer above voids a step that it refuses at apply.
            if (step.id() == 0) continue;
            switch (step.kind()) {
                case ADD_NODE -> makeVoter(step.id());
                case ADD_LEARNER_NODE -> makeLearner(step.id());
                case REMOVE_NODE -> remove(step.id());
                case UPDATE_NODE -> {}
            }
        }
        if (incoming.isEmpty()) throw new RefusedException("removed all voters");
    }

    private void makeVoter(long id) {
        var member = members.get(id);
        if (member == null) {
            members.put(id, newMember(id, false));
        } else {
            member.setLearner(false);
        }
        learners = learners.without(id);
        learnersNext = learnersNext.without(id);
        incoming = incoming.with(id);
    }

    private void makeLearner(long id) {
        var member = members.get(id);
        if (member == null) {
            members.put(id, newMember(id, true));
            learners = learners.with(id);
            return;
        }
        if (member.isLearner()) return;
        incoming = incoming.without(id);
        if (outgoing.contains(id)) {
            // It still votes in the outgoing half, and nobody is voter and learner at once.
            learnersNext = learnersNext.with(id);
        } else {
            member.setLearner(true);
            learners = learners.with(id);
        }
    }

    private void remove(long id) {
        if (!members.containsKey(id)) return;
        incoming = incoming.without(id);
        learners = learners.without(id);
        learnersNext = learnersNext.without(id);
        if (!outgoing.contains(id)) members.remove(id);
    }

    private Progress newMember(long id, boolean learner) {
        var member = new Progress(id, Math.max(lastIndex, 1), tracker.newInflights(), learner);
        // It had no chance to answer yet; check-quorum must not hold that against the leader.
        member.setRecentlyActive(true);
        return member;
    }

    private Result result() {
        var voters = new JointConfig(new MajorityConfig(incoming), new MajorityConfig(outgoing));
        var membership = new Membership(voters, learners, learnersNext, autoLeave);
        assert isConsistent(membership) : membership + " " + members;
        return new Result(membership, List.copyOf(members.values()));
    }

    private boolean isConsistent(Membership membership) {
        for (long id : members.keySet()) {
            boolean voter = membership.voters().contains(id);
            boolean learner = learners.contains(id);
            if (voter == learner || learner != members.get(id).isLearner()) return false;
        }
        int tracked = membership.voters().ids().size() + learners.size();
        if (tracked != members.size()) return false;
        for (int i = 0; i < learnersNext.size(); i++) {
            if (!outgoing.contains(learnersNext.get(i))) return false;
        }
        return isJoint() || (learnersNext.isEmpty() && !autoLeave);
    }
}
