package io.quorate.checks;

import static io.quorate.checks.JetcdStory.await;
import static io.quorate.checks.JetcdStory.bytes;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Cluster;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.Maintenance;
import io.etcd.jetcd.cluster.Member;
import io.etcd.jetcd.maintenance.AlarmMember;
import io.etcd.jetcd.maintenance.AlarmResponse;
import io.etcd.jetcd.maintenance.HashKVResponse;
import io.etcd.jetcd.maintenance.StatusResponse;
import io.etcd.jetcd.options.DeleteOption;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** jetcd's maintenance and membership calls against our server and a real etcd. */
final class JetcdMaintenanceTest {
    private static final ByteSequence A = bytes("a");
    private static final int HASH_BYTES = 32;
    private static final long UNKNOWN = 0xdead;

    @RegisterExtension final Members members = Members.perTest();

    @Test
    @Tag("GS-18")
    @Tag("MA-05")
    @Tag("MA-06")
    @Tag("MA-10")
    @Tag("MA-12")
    @Tag("MA-13")
    @Tag("MA-14")
    @Tag("MA-16")
    @Tag("MA-18")
    void jetcdMaintainsAMember() throws Exception {
        JetcdStory.check(
                members,
                """
                status: 3.7, leads true, applied all true, term true, in use true, learner false, errors []
                hash at 0: d6351a75 compacted -1 at 4
                hash at 3: 1fe6d6d6 compacted -1 at 4
                hash at 4: d6351a75 compacted -1 at 4
                hash at 5 failed: OUT_OF_RANGE: etcdserver: mvcc: required revision is a future revision
                hash: 608cb85c compacted 3 at 4
                hash at 2 failed: OUT_OF_RANGE: etcdserver: mvcc: required revision has been compacted
                defragment: done
                a: 3
                snapshot: true
                snapshot is of whole pages true, of the right hash true
                move leader to itself: done
                move leader to nobody failed: etcdserver: bad leader transferee
                """,
                JetcdMaintenanceTest::maintains);
    }

    private static void maintains(JetcdStory story) throws Exception {
        Maintenance maintenance = story.client().getMaintenanceClient();
        KV kv = story.client().getKVClient();
        for (String value : List.of("1", "2", "3")) await(kv.put(A, bytes(value)));
        story.print("status", maintenance.statusMember(story.uri()), JetcdMaintenanceTest::show);
        for (long revision : new long[] {0, 3, 4, 5}) {
            story.print(
                    "hash at " + revision,
                    maintenance.hashKV(story.uri(), revision),
                    JetcdMaintenanceTest::show);
        }
        await(kv.compact(3));
        story.print("hash", maintenance.hashKV(story.uri(), 0), JetcdMaintenanceTest::show);
        story.print("hash at 2", maintenance.hashKV(story.uri(), 2), JetcdMaintenanceTest::show);
        story.print("defragment", maintenance.defragmentMember(story.uri()), _ -> "done");
        story.print("a", kv.get(A), answer -> answer.getKvs().getFirst().getValue());
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        story.print("snapshot", maintenance.snapshot(file), size -> size == file.size());
        story.line("snapshot is " + judge(file.toByteArray()));
        long self = await(maintenance.statusMember(story.uri())).getHeader().getMemberId();
        story.print("move leader to itself", maintenance.moveLeader(self), _ -> "done");
        story.print("move leader to nobody", maintenance.moveLeader(UNKNOWN), _ -> "done");
    }

    private static String show(StatusResponse status) {
        return "%s, leads %s, applied all %s, term %s, in use %s, learner %s, errors %s"
                .formatted(
                        status.getVersion().replaceAll("\\.[0-9]+$", ""),
                        status.getLeader() == status.getHeader().getMemberId(),
                        status.getRaftIndex() == status.getRaftAppliedIndex(),
                        status.getRaftTerm() > 0,
                        0 < status.getDbSizeInUse()
                                && status.getDbSizeInUse() <= status.getDbSize(),
                        status.isLearner(),
                        status.getErrorList());
    }

    private static String show(HashKVResponse hash) {
        return "%08x compacted %d at %d"
                .formatted(hash.getHash(), hash.getCompacted(), hash.getHeader().getRevision());
    }

    /** Pages, a multiple of 512 bytes, and their hash. */
    private static String judge(byte[] file) throws Exception {
        int pages = file.length - HASH_BYTES;
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(Arrays.copyOf(file, pages));
        boolean right = Arrays.equals(hash, Arrays.copyOfRange(file, pages, file.length));
        return "of whole pages %s, of the right hash %s".formatted(pages % 512 == 0, right);
    }

    @Test
    @Tag("MA-01")
    @Tag("MA-03")
    @Tag("MA-04")
    @Tag("MA-08")
    @Tag("MA-10")
    void jetcdDisarmsTheAlarmOfAFullMember() throws Exception {
        JetcdStory.check(
                members,
                """
                alarms: []
                filled: RESOURCE_EXHAUSTED: etcdserver: mvcc: database space exceeded
                alarms: [NOSPACE]
                own alarm: true
                errors: [memberID:SELF alarm:NOSPACE]
                put failed: RESOURCE_EXHAUSTED: etcdserver: mvcc: database space exceeded
                put, freed but armed failed: RESOURCE_EXHAUSTED: etcdserver: mvcc: database space exceeded
                disarm: [NOSPACE]
                disarm again: []
                alarms: []
                put: done
                """,
                JetcdMaintenanceTest::fillsAndDisarms,
                "--quota-backend-bytes=4194304");
    }

    private static void fillsAndDisarms(JetcdStory story) throws Exception {
        Maintenance maintenance = story.client().getMaintenanceClient();
        KV kv = story.client().getKVClient();
        story.print("alarms", maintenance.listAlarms(), JetcdMaintenanceTest::show);
        story.line("filled: " + fill(kv));
        // Where the last put outgrew the quota when it was applied, the alarm comes behind it.
        io.quorate.checks.Cluster.until(
                () -> !await(maintenance.listAlarms()).getAlarms().isEmpty(), () -> ": no alarm");
        AlarmMember alarm = await(maintenance.listAlarms()).getAlarms().getFirst();
        StatusResponse status = await(maintenance.statusMember(story.uri()));
        long self = status.getHeader().getMemberId();
        story.print("alarms", maintenance.listAlarms(), JetcdMaintenanceTest::show);
        story.line("own alarm: " + (alarm.getMemberId() == self));
        // Go's library prints one blank or two, so that nobody relies on its texts.
        story.line(
                "errors: "
                        + status.getErrorList()
                                .toString()
                                .replace(Long.toUnsignedString(self), "SELF")
                                .replace("  ", " "));
        long revision =
                await(kv.delete(A, DeleteOption.builder().isPrefix(true).build()))
                        .getHeader()
                        .getRevision();
        story.print("put", kv.put(A, A), _ -> "done");
        await(kv.compact(revision));
        await(maintenance.defragmentMember(story.uri()));
        story.print("put, freed but armed", kv.put(A, A), _ -> "done");
        story.print("disarm", maintenance.alarmDisarm(alarm), JetcdMaintenanceTest::show);
        story.print("disarm again", maintenance.alarmDisarm(alarm), JetcdMaintenanceTest::show);
        story.print("alarms", maintenance.listAlarms(), JetcdMaintenanceTest::show);
        story.print("put", kv.put(A, A), _ -> "done");
    }

    /** Puts until it is refused; returns the refusal. */
    private static String fill(KV kv) throws Exception {
        ByteSequence value = ByteSequence.from(new byte[200_000]);
        for (int i = 0; i < 1000; i++) {
            try {
                kv.put(bytes("a" + i), value).get(60, TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                return e.getCause().getMessage();
            }
        }
        return "never";
    }

    private static List<String> show(AlarmResponse answer) {
        return answer.getAlarms().stream().map(one -> one.getAlarmType().name()).toList();
    }

    @Test
    @Tag("CL-01")
    @Tag("CL-02")
    @Tag("CL-03")
    @Tag("CL-06")
    @Tag("CL-07")
    @Tag("CL-08")
    @Tag("CL-09")
    @Tag("CL-11")
    @Tag("CL-14")
    void jetcdAddsAndRemovesALearner() throws Exception {
        JetcdStory.check(
                members,
                """
                members: [m1 peers 1 clients 1 learner false]
                add a bad URL failed: etcdserver: given member URLs are invalid
                added: unstarted [http://127.0.0.1:1] clients [] learner true
                members: [m1 peers 1 clients 1 learner false, unstarted [http://127.0.0.1:1] clients [] learner true]
                add a taken URL failed: etcdserver: Peer URLs already exists
                add a second failed: etcdserver: too many learner members in cluster
                promote failed: etcdserver: can only promote a learner member which is in sync with leader
                promote nobody failed: etcdserver: member not found
                update: done
                members: [m1 peers 1 clients 1 learner false, unstarted [http://127.0.0.1:2] clients [] learner true]
                remove: done
                remove again failed: etcdserver: member not found
                members: [m1 peers 1 clients 1 learner false]
                """,
                JetcdMaintenanceTest::changesMembers);
    }

    private static void changesMembers(JetcdStory story) throws Exception {
        Cluster cluster = story.client().getClusterClient();
        URI learner = URI.create("http://127.0.0.1:1");
        URI moved = URI.create("http://127.0.0.1:2");
        printList(story, cluster);
        story.print(
                "add a bad URL",
                cluster.addMember(List.of(URI.create("http://127.0.0.1:1/path")), true),
                answer -> show(answer.getMember()));
        Member added = await(cluster.addMember(List.of(learner), true)).getMember();
        story.line("added: " + show(added));
        printList(story, cluster);
        story.print(
                "add a taken URL",
                cluster.addMember(List.of(URI.create(story.peerUri())), true),
                answer -> show(answer.getMember()));
        story.print(
                "add a second",
                cluster.addMember(List.of(moved), true),
                answer -> show(answer.getMember()));
        story.print("promote", cluster.promoteMember(added.getId()), _ -> "done");
        story.print("promote nobody", cluster.promoteMember(UNKNOWN), _ -> "done");
        story.print("update", cluster.updateMember(added.getId(), List.of(moved)), _ -> "done");
        printList(story, cluster);
        story.print("remove", cluster.removeMember(added.getId()), _ -> "done");
        story.print("remove again", cluster.removeMember(added.getId()), _ -> "done");
        printList(story, cluster);
    }

    private static void printList(JetcdStory story, Cluster cluster) {
        story.print(
                "members",
                cluster.listMember(),
                answer ->
                        answer.getMembers().stream()
                                .map(JetcdMaintenanceTest::show)
                                .sorted()
                                .toList());
    }

    /** The addresses of the server itself are of this run. */
    private static String show(Member member) {
        return member.getName().isEmpty()
                ? "unstarted %s clients %s learner %s"
                        .formatted(member.getPeerURIs(), member.getClientURIs(), member.isLearner())
                : "%s peers %d clients %d learner %s"
                        .formatted(
                                member.getName(),
                                member.getPeerURIs().size(),
                                member.getClientURIs().size(),
                                member.isLearner());
    }
}
