package io.quorate.engine.state;

import static io.quorate.engine.state.Requests.bytes;
import static io.quorate.engine.state.Requests.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.storage.StorageException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Optional;

/** Members and the cluster version, beside the keys. */
class MembershipTest {
    private static final Member FIRST =
            new Member(0x8e9e05c52164694dL, "", List.of("http://a:2380"), List.of(), false);

    private static final Member STAYS =
            new Member(7, "", List.of("http://c:2380"), List.of(), false);

    private final Story story = new Story();

    @AfterEach
    void close() {
        story.close();
    }

    @Test
    @Tag("DD-05")
    @Tag("ER-16")
    @Tag("ER-17")
    void membersSurviveARestartAndLeaveTheRevisionAlone() {
        assertEquals(new Result.Done(1), story.apply(new Command.MemberAdd(FIRST)));
        List<String> urls = List.of("http://a:2379");
        story.apply(new Command.MemberAttributes(FIRST.id(), "one", urls));
        story.refused(EtcdError.MEMBER_EXISTS, new Command.MemberAdd(FIRST));
        Member sameUrl = new Member(5, "", FIRST.peerUrls(), List.of(), true);
        story.refused(EtcdError.PEER_URL_EXISTS, new Command.MemberAdd(sameUrl));
        Member learner = new Member(5, "", List.of("http://b:2380"), List.of(), true);
        story.apply(new Command.MemberAdd(learner));
        story.restart();
        Member first = new Member(FIRST.id(), "one", FIRST.peerUrls(), urls, false);
        assertEquals(List.of(learner, first), story.state.members());
        assertEquals(1, story.state.revision());
        try (var view = story.store.view()) {
            assertEquals(
                    "{\"id\":10276657743932975437,\"peerURLs\":[\"http://a:2380\"],"
                            + "\"name\":\"one\",\"clientURLs\":[\"http://a:2379\"]}",
                    text(view.get(Keyspaces.MEMBERS, bytes("8e9e05c52164694d"))));
            assertEquals(
                    "{\"id\":5,\"peerURLs\":[\"http://b:2380\"],\"isLearner\":true}",
                    text(view.get(Keyspaces.MEMBERS, bytes("5"))));
        }
    }

    @Test
    @Tag("CL-07")
    @Tag("RC-10")
    void removedMemberNeverComesBackButItsUrlsMay() {
        story.apply(new Command.MemberAdd(FIRST));
        story.apply(new Command.MemberAdd(STAYS));
        story.apply(new Command.MemberRemove(FIRST.id()));
        story.refused(EtcdError.MEMBER_NOT_FOUND, new Command.MemberRemove(FIRST.id()));
        story.restart();
        assertEquals(List.of(STAYS), story.state.members());
        assertTrue(story.state.isRemovedMember(FIRST.id()));
        story.refused(EtcdError.MEMBER_NOT_FOUND, new Command.MemberAdd(FIRST));
        Member again = new Member(6, "", FIRST.peerUrls(), List.of(), false);
        story.apply(new Command.MemberAdd(again));
        assertEquals(List.of(again, STAYS), story.state.members());
    }

    @Test
    @Tag("CL-07")
    void theLastVoterStays() {
        story.apply(new Command.MemberAdd(FIRST));
        story.apply(new Command.MemberAdd(new Member(5, "", STAYS.peerUrls(), List.of(), true)));
        story.refused(EtcdError.NOT_ENOUGH_STARTED, new Command.MemberRemove(FIRST.id()));
        story.apply(new Command.MemberRemove(5));
        assertEquals(List.of(FIRST), story.state.members());
    }

    @Test
    @Tag("CL-08")
    @Tag("RC-08")
    @Tag("T15")
    void otherUrlsLeaveALearnerALearner() {
        story.apply(new Command.MemberAdd(FIRST));
        story.apply(
                new Command.MemberAdd(
                        new Member(5, "", List.of("http://b:2380"), List.of(), true)));
        story.refused(
                EtcdError.PEER_URL_EXISTS, new Command.MemberUpdate(5, List.of("http://a:2380")));
        story.refused(
                EtcdError.MEMBER_NOT_FOUND, new Command.MemberUpdate(9, List.of("http://c:2380")));
        story.apply(new Command.MemberUpdate(5, List.of("http://c:2380")));
        story.restart();
        assertEquals(
                new Member(5, "", List.of("http://c:2380"), List.of(), true),
                story.state.members().getFirst());
    }

    @Test
    @Tag("CL-10")
    @Tag("CL-11")
    void learnerIsPromotedOnce() {
        Member learner =
                new Member(5, "b", List.of("http://b:2380"), List.of("http://b:2379"), true);
        story.apply(new Command.MemberAdd(learner));
        story.refused(EtcdError.MEMBER_NOT_FOUND, new Command.MemberPromote(6));
        story.apply(new Command.MemberPromote(5));
        story.refused(EtcdError.MEMBER_NOT_LEARNER, new Command.MemberPromote(5));
        story.restart();
        assertEquals(
                List.of(new Member(5, "b", learner.peerUrls(), learner.clientUrls(), false)),
                story.state.members());
    }

    @Test
    @Tag("PE-01")
    void listsOfMembersComeBackAsTheyWere() {
        Member learner = new Member(5, "b\"", List.of("http://b:2380"), List.of(), true);
        List<Member> members = List.of(FIRST, learner);
        assertEquals(members, MemberJson.readList(MemberJson.writeList(members)));
        assertEquals(List.of(), MemberJson.readList(bytes("[]")));
        assertThrows(StorageException.Corruption.class, () -> MemberJson.readList(bytes("[{")));
        assertTrue(MemberJson.isPromotion(MemberJson.writePromotion(5)));
        assertFalse(MemberJson.isPromotion(MemberJson.write(FIRST)));
    }

    @Test
    @Tag("ER-20")
    void anUnknownMemberHasNoAttributes() {
        story.refused(EtcdError.MEMBER_NOT_FOUND, new Command.MemberAttributes(1, "x", List.of()));
    }

    @Test
    @Tag("DD-05")
    void theClusterVersionIsPlainText() {
        assertEquals(Optional.empty(), story.state.clusterVersion());
        story.apply(new Command.ClusterVersion("3.7.0"));
        assertEquals(Optional.of("3.7.0"), story.state.clusterVersion());
        story.restart();
        assertEquals(Optional.of("3.7.0"), story.state.clusterVersion());
        try (var view = story.store.view()) {
            assertEquals("3.7.0", text(view.get(Keyspaces.CLUSTER, bytes("clusterVersion"))));
        }
    }

    @Test
    void metaIsCommittedWithTheRest() {
        story.state.putMeta("confState", bytes("{}"));
        assertArrayEquals(bytes("{}"), story.state.meta("confState"));
        story.restart();
        assertArrayEquals(bytes("{}"), story.state.meta("confState"));
        story.state.putMeta("confState", bytes("{1}"));
        story.crash();
        assertArrayEquals(bytes("{}"), story.state.meta("confState"));
    }

    @Test
    void awkwardNamesAreWrittenAsGoWritesThem() {
        Member member =
                new Member(1, "a\"\\<&>\u2028\n\u0001é", List.of("x", "y"), List.of(), false);
        String json = text(MemberJson.write(member));
        assertEquals(
                "{\"id\":1,\"peerURLs\":[\"x\",\"y\"],\"name\":"
                        + "\"a\\\"\\\\\\u003c\\u0026\\u003e\\u2028\\n\\u0001é\"}",
                json);
        assertEquals(member, MemberJson.read(bytes(json)));
    }

    @Test
    void otherFieldsAndSpacesArePassedOver() {
        String json =
                " { \"new\" : {\"a\":[1,{}],\"b\":null}, \"id\" : 18446744073709551615 ,"
                        + " \"peerURLs\" : null, \"isLearner\": true,\"name\":\"n\" }";
        assertEquals(new Member(-1, "n", List.of(), List.of(), true), MemberJson.read(bytes(json)));
        for (String bad : new String[] {"", "[]", "{\"id\":}", "{\"id\":1", "{\"name\":7}"})
            assertThrows(
                    StorageException.Corruption.class,
                    () -> MemberJson.read(bytes(bad)),
                    () -> "accepted " + bad);
    }
}
