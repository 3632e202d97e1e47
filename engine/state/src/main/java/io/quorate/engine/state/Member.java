package io.quorate.engine.state;

import java.util.List;

/**
 * One member of the cluster.
 *
 * @param id derived from the peer URLs (ID-01)
 * @param name empty until the member has started
 * @param peerUrls where other members reach it
 * @param clientUrls where clients reach it; empty until the member has started
 * @param learner whether it has no vote yet
 */
public record Member(
        long id, String name, List<String> peerUrls, List<String> clientUrls, boolean learner) {}
