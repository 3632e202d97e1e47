package io.quorate.engine.raft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/** Membership changes: what they lead to, what is refused, and how they are written. */
class ConfChangeTest {
    /** A membership that commands change, each with a log that is one entry longer. */
    static final class Changes {
        private final ProgressTracker tracker = new ProgressTracker(10, 0);
        private long lastIndex;

        Membership membership() {
            return tracker.membership();
        }

        ConfChanger changer() {
            return new ConfChanger(tracker, lastIndex);
        }

        void take(ConfChanger.Result result) {
            tracker.switchTo(result);
        }

        /** Commands: {@code simple}, {@code enter-joint autoleave=B}, {@code leave-joint}. */
        String run(Transcript.Command command) {
            var steps = steps(command.input());
            try {
                take(
                        switch (command.name()) {
                            case "simple" -> changer().simple(steps);
                            case "enter-joint" ->
                                    changer().enterJoint(command.flag("autoleave"), steps);
                            case "leave-joint" -> changer().leaveJoint();
                            default -> throw new AssertionError("unknown command");
                        });
            } catch (ConfChanger.RefusedException e) {
                return e.getMessage() + "\n";
            } finally {
                lastIndex++;
            }
            var text = new StringBuilder(membership() + "\n");
            for (var member : tracker.members()) {
                text.append(Long.toUnsignedString(member.id)).append(": ");
                text.append(member).append('\n');
            }
            return text.toString();
        }

        String simple(String steps) throws ConfChanger.RefusedException {
            take(changer().simple(steps(steps)));
            return membership().toString();
        }

        String joint(String steps) throws ConfChanger.RefusedException {
            take(changer().enterJoint(true, steps(steps)));
            return membership().toString();
        }

        String leave() throws ConfChanger.RefusedException {
            take(changer().leaveJoint());
            return membership().toString();
        }
    }

    private static List<ConfChange.Step> steps(String text) {
        return Arrays.stream(text.strip().split(" +"))
                .filter(token -> !token.isEmpty())
                .map(TranscriptGroup::step)
                .toList();
    }

    private final Changes group = new Changes();

    @Test
    void aSimpleChangeMovesOneVoter() throws Exception {
        assertEquals("voters=(1)", group.simple("v1"));
        assertEquals("voters=(1 2)", group.simple("v2"));
        assertEquals("voters=(1 2) learners=(3)", group.simple("l3"));
        assertEquals("voters=(1 2 3)", group.simple("v3"));
        assertEquals("voters=(1 2) learners=(3)", group.simple("l3"));
        assertEquals("voters=(1 2)", group.simple("r3"));
        assertThrows(ConfChanger.RefusedException.class, () -> group.simple("v4 v5"));
        assertThrows(ConfChanger.RefusedException.class, () -> group.simple("v4 r1"));
        assertEquals("voters=(1 2)", group.membership().toString());
    }

    @Test
    void theLastVoterStays() throws Exception {
        group.simple("v1");
        assertThrows(ConfChanger.RefusedException.class, () -> group.simple("r1"));
        assertThrows(ConfChanger.RefusedException.class, () -> group.simple("l1"));
    }

    @Test
    void anyChangeCanBeMadeJointly() throws Exception {
        group.simple("v1");
        assertEquals("voters=(2 3)&&(1) autoleave", group.joint("r1 v2 v3"));
        assertThrows(ConfChanger.RefusedException.class, () -> group.simple("v4"));
        assertThrows(ConfChanger.RefusedException.class, () -> group.joint("v4"));
        assertEquals("voters=(2 3)", group.leave());
        assertThrows(ConfChanger.RefusedException.class, group::leave);
    }

    @Test
    void aDemotedVoterVotesUntilTheJointConfigurationIsLeft() throws Exception {
        group.simple("v1");
        group.simple("v2");
        assertEquals("voters=(1)&&(1 2) learners_next=(2) autoleave", group.joint("l2"));
        assertEquals("voters=(1) learners=(2)", group.leave());
    }

    @Test
    void aVoidedStepChangesNothing() throws Exception {
        group.simple("v1");
        var change = ConfChange.single(5, ConfChange.Kind.REMOVE_NODE, 1, new byte[0]).voided();
        group.take(ConfChanger.apply(trackerOf(group), 1, change));
        assertEquals("voters=(1)", group.membership().toString());
    }

    private static ProgressTracker trackerOf(Changes changes) {
        return changes.tracker;
    }

    @Test
    void everyMembershipCanBeRestored() throws Exception {
        var random = new Random(3);
        for (int run = 0; run < 500; run++) {
            var changes = new Changes();
            changes.simple("v1");
            for (int i = 0; i < 12; i++) changeAtRandom(changes, random);
            var conf = changes.membership().toConfState();
            var restored = new ProgressTracker(10, 0);
            ConfChanger.restore(restored, 5, conf);
            assertEquals(conf, restored.membership().toConfState());
            assertEquals(changes.membership(), restored.membership());
        }
    }

    private static void changeAtRandom(Changes changes, Random random) {
        var steps = new ArrayList<ConfChange.Step>();
        var kinds = ConfChange.Kind.values();
        for (int n = 1 + random.nextInt(3); n > 0; n--) {
            steps.add(
                    new ConfChange.Step(
                            kinds[random.nextInt(kinds.length)], 1 + random.nextLong(5)));
        }
        try {
            changes.take(
                    switch (random.nextInt(3)) {
                        case 0 -> changes.changer().simple(steps);
                        case 1 -> changes.changer().enterJoint(random.nextBoolean(), steps);
                        default -> changes.changer().leaveJoint();
                    });
        } catch (ConfChanger.RefusedException e) {
            // Refused changes leave no mark; what is checked is where the others lead.
        }
    }

    @Test
    void theShapeTellsHowAChangeIsMade() {
        var auto = ConfChange.Transition.AUTO;
        var one = new ConfChange(auto, steps("v1"), new byte[0]);
        assertFalse(one.entersJoint() || one.leavesJoint());
        var two = new ConfChange(auto, steps("v1 v2"), new byte[0]);
        assertTrue(two.entersJoint() && two.autoLeave());
        var explicit =
                new ConfChange(ConfChange.Transition.JOINT_EXPLICIT, steps("v1"), new byte[0]);
        assertTrue(explicit.entersJoint() && !explicit.autoLeave());
        assertTrue(new ConfChange(auto, List.of(), new byte[0]).leavesJoint());
    }

    // ------------------------------------------------------------ bytes

    @Test
    void theOriginalEncodingIsThatOfProtobuf() {
        var change =
                ConfChange.single(
                        300, ConfChange.Kind.ADD_LEARNER_NODE, 0x8e9e05c52164694dL, new byte[] {7});
        var bytes = ConfChangeCodec.encode(change);
        assertEquals("08ac02100318cdd2918bd2b881cf8e01220107", HexFormat.of().formatHex(bytes));
        var back = ConfChangeCodec.decode(EntryType.CONF_CHANGE, bytes);
        assertEquals(300, back.id());
        assertEquals(change.steps(), back.steps());
        assertArrayEquals(new byte[] {7}, back.context());
        assertEquals(EntryType.CONF_CHANGE, back.encoding());
    }

    @Test
    void theSecondEncodingIsThatOfProtobuf() {
        var change =
                new ConfChange(
                        ConfChange.Transition.JOINT_EXPLICIT,
                        steps("v1 r2"),
                        "ctx".getBytes(UTF_8));
        var bytes = ConfChangeCodec.encode(change);
        assertEquals("080212021001120408011002" + "1a03637478", HexFormat.of().formatHex(bytes));
        var back = ConfChangeCodec.decode(EntryType.CONF_CHANGE_V2, bytes);
        assertEquals(change.transition(), back.transition());
        assertEquals(change.steps(), back.steps());
        assertArrayEquals("ctx".getBytes(UTF_8), back.context());
    }

    @Test
    void leavingAJointConfigurationTakesNoBytes() {
        assertEquals(0, ConfChangeCodec.encode(ConfChange.LEAVE_JOINT).length);
        assertTrue(ConfChangeCodec.decode(EntryType.CONF_CHANGE_V2, new byte[0]).leavesJoint());
    }

    @Test
    void unknownFieldsAreSkipped() {
        // Field 9 as a varint, 10 as bytes, 11 and 12 fixed.
        var more =
                HexFormat.of().parseHex("4805" + "520201ff" + "5d01020304" + "610102030405060708");
        var known =
                ConfChangeCodec.encode(
                        ConfChange.single(1, ConfChange.Kind.ADD_NODE, 2, new byte[0]));
        var all = Arrays.copyOf(more, more.length + known.length);
        System.arraycopy(known, 0, all, more.length, known.length);
        assertEquals(steps("v2"), ConfChangeCodec.decode(EntryType.CONF_CHANGE, all).steps());
    }

    @Test
    void brokenBytesAreRefused() {
        var good =
                ConfChangeCodec.encode(
                        ConfChange.single(1, ConfChange.Kind.ADD_NODE, 2, new byte[] {1, 2, 3}));
        for (int cut : List.of(1, 3, 5, good.length - 1)) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> ConfChangeCodec.decode(EntryType.CONF_CHANGE, Arrays.copyOf(good, cut)));
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> ConfChangeCodec.decode(EntryType.CONF_CHANGE, new byte[] {0x10, 9}));
        assertThrows(
                IllegalArgumentException.class,
                () -> ConfChangeCodec.decode(EntryType.NORMAL, new byte[0]));
    }

    @Test
    void anEncodingRefusesWhatItCannotHold() {
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        new ConfChange(
                                ConfChange.Transition.AUTO,
                                steps("v1 v2"),
                                new byte[0],
                                0,
                                EntryType.CONF_CHANGE));
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        new ConfChange(
                                ConfChange.Transition.AUTO,
                                steps("v1"),
                                new byte[0],
                                5,
                                EntryType.CONF_CHANGE_V2));
    }
}
