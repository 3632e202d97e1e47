package io.quorate.engine.server;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;

/**
 * A URL that a member listens on or advertises (FL-08, FL-09, CL-02): {@code http://host:port},
 * {@code https://host:port}, {@code unix:path} or {@code unixs:path}. What is refused, and in which
 * words, follows Go's {@code net/url} and etcd's checks on top of it.
 *
 * @param scheme {@code http}, {@code https}, {@code unix} or {@code unixs}
 * @param host host name or address, without the brackets of IPv6; for sockets of the file system
 *     their path
 * @param port in [0, 65535]; 0 lets the system choose one, and for {@code unix} means nothing
 * @param text the URL as written
 */
public record MemberUrl(String scheme, String host, int port, String text) {
    private static final int PORT_MAX = 65_535;

    /**
     * Parses one URL; white space around it is ignored.
     *
     * @throws ConfigException in etcd's words
     */
    public static MemberUrl parse(String written) {
        String text = written.strip();
        refuseControlCharacters(text);
        String scheme = scheme(text);
        String rest = text.substring(scheme.isEmpty() ? 0 : scheme.length() + 1);
        return switch (scheme.toLowerCase(Locale.ROOT)) {
            case "http", "https" -> network(scheme.toLowerCase(Locale.ROOT), rest, text);
            case "unix", "unixs" ->
                    new MemberUrl(
                            scheme.toLowerCase(Locale.ROOT),
                            rest.startsWith("//") ? rest.substring(2) : rest,
                            0,
                            text);
            default -> {
                refuseColonInFirstSegment(scheme, text);
                throw new ConfigException(
                        "URL scheme must be http, https, unix, or unixs: " + text);
            }
        };
    }

    /** Parses a list separated by commas, sorted and without doubles; empty for an empty text. */
    public static List<MemberUrl> parseList(String written) {
        if (written.isEmpty()) return List.of();
        TreeMap<String, MemberUrl> urls = new TreeMap<>();
        for (String part : written.split(",", -1)) {
            MemberUrl url = parse(part);
            urls.put(url.text(), url);
        }
        return List.copyOf(urls.values());
    }

    /** The URLs as written, in the same order. */
    public static List<String> texts(List<MemberUrl> urls) {
        List<String> texts = new ArrayList<>(urls.size());
        for (MemberUrl url : urls) texts.add(url.text());
        return List.copyOf(texts);
    }

    /** Whether connections to it are encrypted. */
    public boolean secure() {
        return scheme.equals("https") || scheme.equals("unixs");
    }

    /** Whether it names a socket in the file system. */
    public boolean local() {
        return scheme.startsWith("unix");
    }

    /** {@code host:port} with IPv6 in brackets, or a path, as Go prints addresses. */
    public String hostPort() {
        return local() ? host : hostPort(host, port);
    }

    /** {@code host:port} of a bound address, as Go prints it. */
    static String hostPort(String host, int port) {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    /**
     * The file of a {@linkplain #local() local} socket.
     *
     * @throws ConfigException for one that can be no file
     */
    Path file() {
        if (host.isEmpty() || host.indexOf('\0') >= 0) {
            throw new ConfigException("cannot listen on " + text + ": it names no file");
        }
        return Path.of(host);
    }

    /** The address to bind, resolved now. */
    InetSocketAddress address() {
        return new InetSocketAddress(host, port);
    }

    @Override
    public String toString() {
        return text;
    }

    private static MemberUrl network(String scheme, String rest, String text) {
        if (!rest.startsWith("//")) throw noHostPort(text);
        String authority = rest.substring(2);
        int end = firstOf(authority, "/?#");
        String tail = end < 0 ? "" : authority.substring(end);
        if (end >= 0) authority = authority.substring(0, end);
        authority = authority.substring(authority.lastIndexOf('@') + 1);
        String host = host(authority, text);
        int port = port(authority.substring(bracketEnd(authority)), text);
        if (tail.startsWith("/")) {
            throw new ConfigException("URL must not contain a path: " + text);
        }
        if (!tail.isEmpty()) {
            throw new ConfigException("URL must end after its port: " + text);
        }
        return new MemberUrl(scheme, host, port, text);
    }

    private static String host(String authority, String text) {
        if (authority.startsWith("[")) {
            int close = authority.indexOf(']');
            if (close < 0) throw unparsable(text, "missing ']' in host");
            return authority.substring(1, close);
        }
        int colon = authority.indexOf(':');
        String host = colon < 0 ? authority : authority.substring(0, colon);
        for (int i = 0; i < host.length(); i++) {
            if (" \"<>\\^`{|}".indexOf(host.charAt(i)) >= 0) {
                throw unparsable(text, "invalid character \"" + host.charAt(i) + "\" in host name");
            }
        }
        return host;
    }

    /** Where the host of an authority ends when it is an IPv6 address in brackets, else 0. */
    private static int bracketEnd(String authority) {
        return authority.startsWith("[") ? authority.indexOf(']') + 1 : 0;
    }

    private static int port(String afterBracket, String text) {
        int colon = afterBracket.lastIndexOf(':');
        if (colon < 0) throw noHostPort(text);
        String digits = afterBracket.substring(colon + 1);
        if (!digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw unparsable(text, "invalid port \":" + digits + "\" after host");
        }
        if (afterBracket.indexOf(':') != colon) throw noHostPort(text);
        if (digits.isEmpty()) return 0;
        if (digits.length() > 5 || Integer.parseInt(digits) > PORT_MAX) {
            throw new ConfigException("URL port must be at most " + PORT_MAX + ": " + text);
        }
        return Integer.parseInt(digits);
    }

    /** The text before the first colon where that is a scheme (RFC 3986 §3.1), else empty. */
    private static String scheme(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') continue;
            if (c == ':') {
                if (i == 0) throw unparsable(text, "missing protocol scheme");
                return text.substring(0, i);
            }
            boolean inner = c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.';
            if (i == 0 || !inner) return "";
        }
        return "";
    }

    private static void refuseColonInFirstSegment(String scheme, String text) {
        if (!scheme.isEmpty() || text.startsWith("/")) return;
        int slash = text.indexOf('/');
        String segment = slash < 0 ? text : text.substring(0, slash);
        if (segment.indexOf(':') >= 0) {
            throw unparsable(text, "first path segment in URL cannot contain colon");
        }
    }

    private static void refuseControlCharacters(String text) {
        if (text.chars().anyMatch(c -> c < ' ' || c == 0x7f)) {
            throw unparsable(text, "net/url: invalid control character in URL");
        }
    }

    private static int firstOf(String text, String characters) {
        for (int i = 0; i < text.length(); i++) {
            if (characters.indexOf(text.charAt(i)) >= 0) return i;
        }
        return -1;
    }

    private static ConfigException noHostPort(String text) {
        return new ConfigException("URL address does not have the form \"host:port\": " + text);
    }

    private static ConfigException unparsable(String text, String why) {
        return new ConfigException("parse \"" + text + "\": " + why);
    }
}
