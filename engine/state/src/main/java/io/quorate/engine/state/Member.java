package io.quorate.engine.state;

import java.util.List;

/**
 * A member of the cluster as everybody knows it.
 *
 * @param id unsigned
 * @param name empty until the member has started
 * @param peerUrls where its peers reach it
 * @param clientUrls where clients reach it; empty until it has started
 * @param learner whether it has no vote
 */
public record Member(
        long id, String name, List<String> peerUrls, List<String> clientUrls, boolean learner) {
    public Member {
        peerUrls = List.copyOf(peerUrls);
        clientUrls = List.copyOf(clientUrls);
    }
}
