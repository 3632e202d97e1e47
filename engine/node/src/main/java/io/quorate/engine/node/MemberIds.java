package io.quorate.engine.node;

import io.quorate.engine.state.Member;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Ids of members and clusters: the first 8 bytes of a SHA-1, big endian, unsigned. */
public final class MemberIds {
    private MemberIds() {}

    /** Id of a member of a new cluster (ID-01). */
    public static long member(List<String> peerUrls, String token) {
        return hash(String.join("", peerUrls.stream().sorted().toList()) + token);
    }

    /**
     * The members of a new cluster, ascending by id (ID-01).
     *
     * @param peerUrls by member name
     */
    public static List<Member> founders(Map<String, List<String>> peerUrls, String token) {
        return peerUrls.entrySet().stream()
                .map(entry ->
                        new Member(
                                member(entry.getValue(), token),
                                entry.getKey(),
                                entry.getValue().stream().sorted().toList(),
                                List.of(),
                                false))
                .sorted((a, b) -> Long.compareUnsigned(a.id(), b.id()))
                .toList();
    }

    /** Id of a member that joins a running cluster (ID-01). */
    public static long joiningMember(List<String> peerUrls, long unixSeconds) {
        return member(peerUrls, Long.toString(unixSeconds));
    }

    /** Id of the cluster that these members found (ID-02). */
    public static long cluster(Collection<Long> memberIds) {
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES * memberIds.size());
        memberIds.stream().sorted(Long::compareUnsigned).forEach(bytes::putLong);
        return hash(bytes.array());
    }

    private static long hash(String text) {
        return hash(text.getBytes(StandardCharsets.UTF_8));
    }

    private static long hash(byte[] bytes) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1").digest(bytes);
            return ByteBuffer.wrap(digest).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-1", e);
        }
    }
}
