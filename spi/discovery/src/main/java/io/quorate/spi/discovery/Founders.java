package io.quorate.spi.discovery;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who founds a cluster.
 *
 * @param peerUrls by member name; the URLs of each ascending, without duplicates, and as they were
 *     written: the server checks them
 * @param token that tells the cluster from others with the same members (ID-01)
 */
public record Founders(SortedMap<String, List<String>> peerUrls, String token) {
    public Founders {
        TreeMap<String, List<String>> sorted = new TreeMap<>();
        peerUrls.forEach((name, urls) -> sorted.put(name, List.copyOf(new TreeSet<>(urls))));
        peerUrls = Collections.unmodifiableSortedMap(sorted);
    }

    /**
     * Reads text such as {@code a=http://10.0.0.1:2380,b=http://10.0.0.2:2380} (FL-33). One name
     * may come several times, once for each of its URLs; one without a URL has the empty one.
     */
    public static Founders parse(String text, String token) {
        TreeMap<String, List<String>> urls = new TreeMap<>();
        for (String pair : text.split(",")) {
            if (pair.isEmpty()) continue;
            int equals = pair.indexOf('=');
            String name = equals < 0 ? pair : pair.substring(0, equals);
            String url = equals < 0 ? "" : pair.substring(equals + 1);
            urls.computeIfAbsent(name, n -> new ArrayList<>()).add(url);
        }
        return new Founders(urls, token);
    }

    /** The text that {@link #parse} reads, by name, then by URL. */
    @Override
    public String toString() {
        List<String> pairs = new ArrayList<>();
        peerUrls.forEach((name, urls) -> urls.forEach(url -> pairs.add(name + "=" + url)));
        return String.join(",", pairs);
    }
}
