package io.quorate.engine.node;

import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.Member;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/**
 * Asks the leader for what only it can do, by the pages of its peer addresses (PE-02). Blocks; to
 * be used on a virtual thread.
 */
final class LeaderCall {
    private static final byte[] NOTHING = {};

    /** What the pages of leases say in place of etcd's usual text. */
    private static final String LEASE_NOT_FOUND = "lease not found";

    /** By what the page of promotions says, which is not always what clients are told. */
    private static final Map<String, EtcdError> REFUSALS =
            Map.of(
                    "membership: ID not found",
                    EtcdError.MEMBER_NOT_FOUND,
                    "membership: can only promote a learner member",
                    EtcdError.MEMBER_NOT_LEARNER,
                    EtcdError.LEARNER_NOT_READY.text(),
                    EtcdError.LEARNER_NOT_READY,
                    EtcdError.NOT_ENOUGH_STARTED.text(),
                    EtcdError.NOT_ENOUGH_STARTED);

    private final PeerRequests requests;

    LeaderCall(PeerRequests requests) {
        this.requests = requests;
    }

    /**
     * Promotes a learner.
     *
     * @param token of a user who may, empty for none; the leader judges by itself
     * @throws EtcdException what the leader refused it with
     * @throws IOException when it is not known whether the leader did it
     */
    void promote(Member leader, long learner, String token) throws IOException {
        String page = "/members/promote/" + Long.toUnsignedString(learner);
        Map<String, String> header = token.isEmpty() ? Map.of() : Map.of("Authorization", token);
        ask(leader, url -> requests.post(url + page, NOTHING, header));
    }

    /**
     * Renews a lease; the seconds that it lives on, 0 when there is none.
     *
     * @throws IOException when the leader did not answer, or leads no more
     */
    long renew(Member leader, long lease) throws IOException {
        try {
            byte[] request = LeaseMessages.renewal(lease);
            return LeaseMessages.ttl(
                    ask(leader, url -> requests.post(url + "/leases", request, Map.of())));
        } catch (FileNotFoundException e) {
            return 0;
        }
    }

    /**
     * How long a lease still lives, empty when there is none.
     *
     * @throws IOException when the leader did not answer, or leads no more
     */
    Optional<LeaseTime> timeToLive(Member leader, long lease) throws IOException {
        try {
            byte[] request = LeaseMessages.question(lease);
            return Optional.of(
                    LeaseMessages.time(
                            ask(
                                    leader,
                                    url ->
                                            requests.post(
                                                    url + "/leases/internal", request, Map.of()))));
        } catch (FileNotFoundException e) {
            return Optional.empty();
        }
    }

    private interface Asking {
        byte[] at(String url) throws IOException;
    }

    /** The answer at the first peer URL that gives one. */
    private static byte[] ask(Member leader, Asking asking) throws IOException {
        IOException last = new IOException("the leader has no peer URL");
        for (String url : leader.peerUrls()) {
            try {
                return asking.at(url);
            } catch (PeerRequests.Refused e) {
                throw refusal(e);
            } catch (IOException e) {
                last = e;
            }
        }
        throw last;
    }

    private static EtcdException refusal(PeerRequests.Refused refused) throws IOException {
        String text = refused.text();
        if (text.equals(LEASE_NOT_FOUND)) {
            throw new FileNotFoundException(LEASE_NOT_FOUND);
        }
        EtcdError error = REFUSALS.get(text);
        if (error == null) {
            throw refused;
        }
        return error.exception();
    }
}
