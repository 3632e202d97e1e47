package io.quorate.engine.server;

import io.quorate.spi.discovery.Founders;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The members a new cluster starts with, as a discovery found them and as this server understands
 * their URLs.
 */
final class InitialCluster {
    private final TreeMap<String, List<MemberUrl>> members;
    private final String token;

    private InitialCluster(TreeMap<String, List<MemberUrl>> members, String token) {
        this.members = members;
        this.token = token;
    }

    /**
     * @throws ConfigException for a URL that is none
     */
    static InitialCluster of(Founders founders) {
        TreeMap<String, List<MemberUrl>> members = new TreeMap<>();
        founders.peerUrls().forEach((name, texts) -> members.put(name, parse(name, texts)));
        return new InitialCluster(members, founders.token());
    }

    /** A cluster of one. */
    static InitialCluster of(String name, List<MemberUrl> urls, String token) {
        TreeMap<String, List<MemberUrl>> members = new TreeMap<>();
        members.put(name, urls);
        return new InitialCluster(members, token);
    }

    /** Tells it from other clusters with the same members. */
    String token() {
        return token;
    }

    private static List<MemberUrl> parse(String name, List<String> texts) {
        List<MemberUrl> urls = new ArrayList<>();
        for (String text : texts) {
            try {
                urls.add(MemberUrl.parse(text));
            } catch (ConfigException e) {
                throw new ConfigException(
                        "error setting up initial cluster: "
                                + e.getMessage()
                                + " (--initial-cluster needs name=url pairs, member \""
                                + name
                                + "\")",
                        e);
            }
        }
        return List.copyOf(urls);
    }

    int size() {
        return members.size();
    }

    /** Peer URLs by member name, as text. */
    Map<String, List<String>> urls() {
        TreeMap<String, List<String>> urls = new TreeMap<>();
        members.forEach((name, list) -> urls.put(name, MemberUrl.texts(list)));
        return urls;
    }

    /** Peer URLs of all but this member, ascending. */
    List<MemberUrl> urlsOfOthers(String name) {
        List<MemberUrl> others = new ArrayList<>();
        members.forEach((member, list) -> {
            if (!member.equals(name)) others.addAll(list);
        });
        others.sort(Comparator.comparing(MemberUrl::text));
        return others;
    }

    /** Whether two sets of URLs mean the same addresses, by text or after names are resolved. */
    static boolean same(List<String> some, List<String> others) {
        TreeSet<String> left = new TreeSet<>(some);
        TreeSet<String> right = new TreeSet<>(others);
        return left.equals(right) || resolved(left).equals(resolved(right));
    }

    /**
     * Refuses a cluster that does not fit this member (EX-04, EX-05, EX-09).
     *
     * @param advertised the member's own peer URLs
     */
    void check(String name, List<MemberUrl> advertised) {
        List<MemberUrl> own = members.get(name);
        if (own == null) {
            throw new ConfigException(
                    "couldn't find local name \""
                            + name
                            + "\" in the initial cluster configuration");
        }
        checkAdvertised(name, MemberUrl.texts(own), MemberUrl.texts(advertised));
        Set<String> seen = new HashSet<>();
        for (List<MemberUrl> urls : members.values()) {
            for (MemberUrl url : urls) {
                if (!seen.add(url.text())) {
                    throw new ConfigException("initial cluster " + this + " has duplicate url");
                }
            }
        }
    }

    /** The two sets must be the same, as text or after their host names are resolved. */
    private static void checkAdvertised(String name, List<String> own, List<String> advertised) {
        TreeSet<String> ours = new TreeSet<>(own);
        TreeSet<String> theirs = new TreeSet<>(advertised);
        if (ours.equals(theirs)) return;
        TreeSet<String> resolvedOwn = resolved(ours);
        TreeSet<String> resolvedAdvertised = resolved(theirs);
        if (resolvedOwn.equals(resolvedAdvertised)) return;
        List<String> missing = new ArrayList<>(ours);
        missing.removeAll(theirs);
        if (!missing.isEmpty()) {
            throw new ConfigException(
                    "--initial-cluster has "
                            + pairs(name, missing)
                            + " but missing from --initial-advertise-peer-urls="
                            + String.join(",", theirs)
                            + difference(theirs, resolvedAdvertised, ours, resolvedOwn));
        }
        List<String> extra = new ArrayList<>(theirs);
        extra.removeAll(ours);
        throw new ConfigException(
                "--initial-advertise-peer-urls has "
                        + String.join(",", extra)
                        + " but missing from --initial-cluster="
                        + pairs(name, ours));
    }

    /** Why the sets are not equal, as etcd puts it: their sizes, or the first pair that differs. */
    private static String difference(
            Set<String> advertised,
            TreeSet<String> resolvedAdvertised,
            Set<String> own,
            TreeSet<String> resolvedOwn) {
        if (advertised.size() != own.size()) {
            return " (len(" + quoted(advertised) + ") != len(" + quoted(own) + "))";
        }
        Iterator<String> right = resolvedOwn.iterator();
        for (String left : resolvedAdvertised) {
            String other = right.hasNext() ? right.next() : "";
            if (!left.equals(other)) {
                return " (resolved urls: \"" + left + "\" != \"" + other + "\")";
            }
        }
        return "";
    }

    private static String quoted(Set<String> texts) {
        return "[\"" + String.join("\" \"", texts) + "\"]";
    }

    /** Host names become addresses, but for {@code localhost}, which stays what it is. */
    private static TreeSet<String> resolved(Set<String> texts) {
        TreeSet<String> resolved = new TreeSet<>();
        for (String text : texts) {
            MemberUrl url = MemberUrl.parse(text);
            resolved.add(
                    url.local()
                            ? text
                            : url.scheme() + "://" + MemberUrl.hostPort(resolve(url), url.port()));
        }
        return resolved;
    }

    private static String resolve(MemberUrl url) {
        return url.host().equals("localhost") ? url.host() : HostNames.SYSTEM.address(url.host());
    }

    private static String pairs(String name, Collection<String> urls) {
        List<String> pairs = new ArrayList<>();
        for (String url : urls) pairs.add(name + "=" + url);
        return String.join(",", pairs);
    }

    @Override
    public String toString() {
        List<String> pairs = new ArrayList<>();
        members.forEach((name, urls) -> pairs.add(pairs(name, MemberUrl.texts(urls))));
        return String.join(",", pairs);
    }
}
