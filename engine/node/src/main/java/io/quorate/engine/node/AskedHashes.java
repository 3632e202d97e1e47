package io.quorate.engine.node;

import static java.lang.System.Logger.Level.WARNING;

import io.quorate.engine.state.JsonReader;
import io.quorate.engine.state.KvHash;
import io.quorate.engine.state.Member;
import io.quorate.spi.storage.Identity;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Hashes that other members tell on a page of their peer addresses (PE-03). Asks one after the
 * other, and a member at one URL after the other; a member that does not answer costs a timeout.
 */
final class AskedHashes implements PeerHashes {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

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
    static KvHash hash(String text) throws IOException {
        long hash = 0;
        long compactRevision = 0;
        long hashRevision = 0;
        long revision = 0;
        JsonReader json = new JsonReader(text);
        try {
            for (boolean more = json.beginObject(); more; more = json.moreFields()) {
                switch (json.name()) {
                    case "header" -> revision = revision(json);
                    case "hash" -> hash = Long.parseLong(json.word());
                    case "compact_revision" -> compactRevision = Long.parseLong(json.word());
                    case "hash_revision" -> hashRevision = Long.parseLong(json.word());
                    default -> json.skip(); // of a later release
                }
            }
            json.end();
        } catch (IllegalArgumentException e) {
            throw new IOException("not a hash: " + text, e);
        }
        if (hashRevision == 0) {
            throw new IOException("not a hash: " + text);
        }
        return new KvHash((int) hash, compactRevision, hashRevision, revision);
    }

    private static long revision(JsonReader json) {
        long revision = 0;
        for (boolean more = json.beginObject(); more; more = json.moreFields()) {
            if (json.name().equals("revision")) revision = Long.parseLong(json.word());
            else json.skip();
        }
        return revision;
    }
}
