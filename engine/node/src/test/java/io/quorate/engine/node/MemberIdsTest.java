package io.quorate.engine.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.quorate.engine.state.Member;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

class MemberIdsTest {
    @Test
    @Tag("ID-01")
    @Tag("ID-02")
    @Tag("ID-03")
    void threeMembersOfADockerCluster() {
        long first = MemberIds.member(List.of("http://192.168.99.100:2380"), "docker-etcd");
        long second = MemberIds.member(List.of("http://192.168.99.101:2380"), "docker-etcd");
        long third = MemberIds.member(List.of("http://192.168.99.102:2380"), "docker-etcd");
        assertEquals("c88e2cccbb287a01", Long.toHexString(first));
        assertEquals("773d30c9fc6640b4", Long.toHexString(second));
        assertEquals("cbd7fa8d01297113", Long.toHexString(third));
        assertEquals(
                "f84185fa5f91bdf6",
                Long.toHexString(MemberIds.cluster(List.of(first, second, third))));
    }

    @Test
    @Tag("ID-04")
    void theDefaultMember() {
        long id = MemberIds.member(List.of("http://localhost:2380"), "etcd-cluster");
        assertEquals("8e9e05c52164694d", Long.toHexString(id));
        assertEquals("cdf818194e3a8c32", Long.toHexString(MemberIds.cluster(List.of(id))));
    }

    @Test
    @Tag("ID-01")
    void theOrderOfThePeerUrlsDoesNotMatter() {
        assertEquals(
                MemberIds.member(List.of("http://a:1", "http://b:2"), "t"),
                MemberIds.member(List.of("http://b:2", "http://a:1"), "t"));
    }

    @Test
    @Tag("ID-01")
    void aJoiningMemberIsHashedWithTheTimeAndNoToken() {
        assertEquals(
                MemberIds.member(List.of("http://a:1"), "1700000000"),
                MemberIds.joiningMember(List.of("http://a:1"), 1_700_000_000));
    }

    @Test
    @Tag("CS-05")
    void initialMembersAreSortedById() {
        NodeConfig config =
                TestMember.named(
                        "a",
                        Map.of(
                                "a", List.of("http://192.168.99.100:2380"),
                                "b", List.of("http://192.168.99.101:2380"),
                                "c", List.of("http://192.168.99.102:2380")),
                        "docker-etcd");
        assertEquals(
                List.of("b", "a", "c"),
                Bootstrap.initialMembers(config).stream().map(Member::name).toList());
    }

    @Test
    void requestIdsDifferBetweenMembersAndLives() {
        Set<Long> seen = new HashSet<>();
        for (long member : List.of(1L, 2L)) {
            for (long start : List.of(1_700_000_000_000L, 1_700_000_000_001L)) {
                IdGenerator ids = new IdGenerator(member, start);
                for (int i = 0; i < 255; i++) {
                    assertEquals(true, seen.add(ids.next()));
                }
            }
        }
        assertNotEquals(0, seen.iterator().next());
    }

    @Test
    void requestIdsHaveTheMembersLowBitsOnTop() {
        long id = new IdGenerator(0x1234_5678_9abc_def0L, 1).next();
        assertEquals(0xdef0L, id >>> 48);
        assertEquals((1 << 8) + 1, id & 0xffff_ffffL);
    }
}
