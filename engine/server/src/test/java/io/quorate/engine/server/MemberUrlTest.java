package io.quorate.engine.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;

@Tag("CL-02")
class MemberUrlTest {
    @ParameterizedTest
    @CsvSource({
        "http://127.0.0.1:2379, http, 127.0.0.1, 2379",
        "HTTPS://a.b:1, https, a.b, 1",
        "http://[::1]:2380, http, ::1, 2380",
        "http://:80, http, '', 80",
        "unix:///run/etcd, unix, /run/etcd, 0",
        "unixs:etcd.sock, unixs, etcd.sock, 0",
        "' http://a:1 ', http, a, 1",
    })
    void schemeHostAndPort(String text, String scheme, String host, int port) {
        MemberUrl url = MemberUrl.parse(text);
        assertEquals(List.of(scheme, host, port), List.of(url.scheme(), url.host(), url.port()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | URL scheme must be http, https, unix, or unixs: ",
                "localhost:2379 | URL scheme must be http, https, unix, or unixs: localhost:2379",
                "127.0.0.1:2379 | parse \"127.0.0.1:2379\": first path segment in URL cannot contain colon",
                ":foo | parse \":foo\": missing protocol scheme",
                "http:a | URL address does not have the form \"host:port\": http:a",
                "http://a | URL address does not have the form \"host:port\": http://a",
                "http://::1:80 | URL address does not have the form \"host:port\": http://::1:80",
                "http://a b:1 | parse \"http://a b:1\": invalid character \" \" in host name",
                "http://a:1/ | URL must not contain a path: http://a:1/",
                "http://a:1?x | URL must end after its port: http://a:1?x",
                "http://a:65536 | URL port must be at most 65535: http://a:65536",
            },
            ignoreLeadingAndTrailingWhitespace = true)
    void whatIsNoUrlIsRefusedInGosWords(String text, String message) {
        String refused =
                assertThrows(ConfigException.class, () -> MemberUrl.parse(text)).getMessage();
        assertEquals(message.strip(), refused.strip());
    }

    @Test
    void listsAreSortedAndWithoutDoubles() {
        assertEquals(
                List.of("http://a:1", "http://b:1"),
                MemberUrl.texts(MemberUrl.parseList("http://b:1,http://a:1,http://b:1")));
        assertEquals(List.of(), MemberUrl.parseList(""));
    }
}
