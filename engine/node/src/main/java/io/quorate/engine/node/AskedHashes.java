package io.quorate.engine.node;

import static java.lang.System.Logger.Level.WARNING;

import io.quorate.engine.state.KvHash;
import io.quorate.engine.state.Member;
import io.quorate.spi.storage.Identity;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Hashes that other members tell on a page of their peer addresses (PE-03). Asks one after the
 * other, and a member at one URL after the other; a member that does not answer costs a timeout.
 */
final class AskedHashes implements PeerHashes {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");
    private static final Pattern FIELD = Pattern.compile("\"(\\w+)\"\\s*:\\s*(-?\\d+)");

    private final Identity identity;
    private final Supplier<List<Member>> members;
    private final PeerRequests requests;

    /**
     * @param members as this member knows them
     */
    AskedHashes(Identity identity, Supplier<List<Member>> members, PeerRequests requests) {
        this.identity = identity;
        this.members = members;
        this.requests = requests;
    }

    @Override
    public List<PeerHash> at(long revision) {
        List<PeerHash> answers = new ArrayList<>();
        for (Member member : members.get()) {
            if (member.id() != identity.memberId()) {
                answers.add(ask(member, revision));
            }
        }
        return answers;
    }

    private PeerHash ask(Member member, long revision) {
        Map<String, String> header =
                Map.of("X-Etcd-Cluster-ID", Long.toHexString(identity.clusterId()));
        String last = "it has no peer URL";
        for (String url : member.peerUrls()) {
            try {
                byte[] answer = requests.get(url + "/members/hashkv?revision=" + revision, header);
                return new Answered(member.id(), hash(new String(answer, StandardCharsets.UTF_8)));
            } catch (PeerRequests.Refused e) {
                last = e.text();
            } catch (IOException e) {
                last = String.valueOf(e.getMessage());
            }
            LOGGER.log(
                    WARNING,
                    "failed hash kv request",
                    Fields.of(
                            "local-member-id",
                            Long.toHexString(identity.memberId()),
                            "requested-revision",
                            revision,
                            "remote-peer-endpoint",
                            url,
                            "error",
                            last));
        }
        return new Unanswered(member.id(), last);
    }

    /** Numbers that are 0 may be left out. */
    private static KvHash hash(String json) throws IOException {
        long hash = 0;
        long compactRevision = 0;
        long hashRevision = 0;
        long revision = 0;
        try {
            Matcher field = FIELD.matcher(json);
            while (field.find()) {
                long number = Long.parseLong(field.group(2));
                switch (field.group(1)) {
                    case "hash" -> hash = number;
                    case "compact_revision" -> compactRevision = number;
                    case "hash_revision" -> hashRevision = number;
                    case "revision" -> revision = number;
                    default -> {
                        // Of a later release.
                    }
                }
            }
        } catch (NumberFormatException e) {
            throw new IOException("not a hash: " + json, e);
        }
        if (hashRevision == 0) {
            throw new IOException("not a hash: " + json);
        }
        return new KvHash((int) hash, compactRevision, hashRevision, revision);
    }
}
