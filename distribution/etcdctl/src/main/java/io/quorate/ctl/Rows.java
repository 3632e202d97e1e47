package io.quorate.ctl;

import io.quorate.api.proto.Member;
import io.quorate.api.proto.MemberListResponse;
import io.quorate.api.proto.StatusResponse;
import io.quorate.cli.Bytes;
import io.quorate.cli.GoText;

import java.util.ArrayList;
import java.util.List;

/** The rows that the simple format joins by commas and the table format frames. */
final class Rows {
    static final List<String> MEMBER_HEADINGS =
            List.of("ID", "Status", "Name", "Peer Addrs", "Client Addrs", "Is Learner");
    static final List<String> HEALTH_HEADINGS = List.of("endpoint", "health", "took", "error");
    static final List<String> STATUS_HEADINGS =
            List.of(
                    "endpoint",
                    "ID",
                    "version",
                    "storage version",
                    "db size",
                    "in use",
                    "percentage not in use",
                    "quota",
                    "is leader",
                    "is learner",
                    "raft term",
                    "raft index",
                    "raft applied index",
                    "errors",
                    "downgrade target version",
                    "downgrade enabled");
    static final List<String> HASH_HEADINGS = List.of("endpoint", "hash", "hash_revision");

    private Rows() {}

    static List<List<String>> members(MemberListResponse answer) {
        List<List<String>> rows = new ArrayList<>();
        for (Member member : answer.getMembersList()) {
            rows.add(
                    List.of(
                            Long.toHexString(member.getID()),
                            member.getName().isEmpty() ? "unstarted" : "started",
                            Bytes.ofText(member.getName()),
                            Bytes.ofText(String.join(",", member.getPeerURLsList())),
                            Bytes.ofText(String.join(",", member.getClientURLsList())),
                            String.valueOf(member.getIsLearner())));
        }
        return rows;
    }

    static List<List<String>> health(List<Endpoints.Health> endpoints) {
        List<List<String>> rows = new ArrayList<>();
        for (Endpoints.Health health : endpoints) {
            rows.add(
                    List.of(
                            health.endpoint(),
                            String.valueOf(health.health()),
                            health.took(),
                            health.error()));
        }
        return rows;
    }

    static List<List<String>> statuses(List<Endpoints.Status> endpoints) {
        List<List<String>> rows = new ArrayList<>();
        for (Endpoints.Status status : endpoints) {
            StatusResponse answer = status.response();
            long member = answer.getHeader().getMemberId();
            rows.add(
                    List.of(
                            status.endpoint(),
                            Long.toHexString(member),
                            answer.getVersion(),
                            answer.getStorageVersion(),
                            GoText.size(answer.getDbSize()),
                            GoText.size(answer.getDbSizeInUse()),
                            notInUse(answer) + "%",
                            GoText.size(answer.getDbSizeQuota()),
                            String.valueOf(answer.getLeader() == member),
                            String.valueOf(answer.getIsLearner()),
                            Long.toUnsignedString(answer.getRaftTerm()),
                            Long.toUnsignedString(answer.getRaftIndex()),
                            Long.toUnsignedString(answer.getRaftAppliedIndex()),
                            Bytes.ofText(String.join(", ", answer.getErrorsList())),
                            answer.getDowngradeInfo().getTargetVersion(),
                            String.valueOf(answer.getDowngradeInfo().getEnabled())));
        }
        return rows;
    }

    /** A member older than 3.4 does not tell its size; that counts as all in use. */
    private static long notInUse(StatusResponse answer) {
        return answer.getDbSize() == 0
                ? 0
                : 100 - answer.getDbSizeInUse() * 100 / answer.getDbSize();
    }

    static List<List<String>> hashes(List<Endpoints.HashKv> endpoints) {
        List<List<String>> rows = new ArrayList<>();
        for (Endpoints.HashKv hash : endpoints) {
            rows.add(
                    List.of(
                            hash.endpoint(),
                            Integer.toUnsignedString(hash.response().getHash()),
                            String.valueOf(hash.response().getHashRevision())));
        }
        return rows;
    }
}
