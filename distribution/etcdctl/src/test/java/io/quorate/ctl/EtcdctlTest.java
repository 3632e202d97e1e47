package io.quorate.ctl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.cli.Bytes;
import io.quorate.cli.Terminal;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What etcdctl refuses before it asks a cluster: exit codes and words of the real one. */
final class EtcdctlTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(Map<String, String> environment, String stdin, List<String> words) {
        out.reset();
        err.reset();
        var terminal = new Terminal(new ByteArrayInputStream(Bytes.toArray(stdin)), out, err);
        return Etcdctl.program(terminal, environment).run(words);
    }

    private int run(String line) {
        List<String> words = new ArrayList<>(Words.split(line));
        return run(Map.of(), "", words);
    }

    private String err() {
        return Bytes.of(err.toByteArray());
    }

    @ParameterizedTest
    @Tag("CT-05")
    @CsvSource(
            delimiter = '|',
            value = {
                "get|128|get command needs one argument as key and an optional argument as range_end",
                "get a --prefix --from-key|128|`--prefix` and `--from-key` cannot be set at the same time, choose one",
                "get a b --prefix|128|too many arguments, only accept one argument when `--prefix` or `--from-key` is set",
                "get a --keys-only --count-only|128|`--keys-only` and `--count-only` cannot be set at the same time, choose one",
                "get a --order=up|4|bad sort order up",
                "get a --sort-by=size|4|bad sort target size",
                "get a --consistency=x|4|unknown consistency flag \"x\"",
                "get a --min-mod-rev=3 --max-mod-rev=2|4|getMinModRev(=3) > getMaxModRev(=2)",
                "put|128|put command needs 1 argument and input from stdin or 2 arguments",
                "put a|128|put command needs 1 argument and input from stdin or 2 arguments",
                "put a b --ignore-value|128|put command needs only 1 argument when 'ignore-value' is set",
                "put a b --lease=zz|128|bad lease ID (strconv.ParseInt: parsing \"zz\": invalid syntax), expecting ID in Hex",
                "put a b -w xml|4|unsupported output format",
                "put a b --cert=|128|empty string is passed to --cert option",
                "put a b --cert=/nowhere|128|KeyFile and CertFile must both be present[key: , cert: /nowhere]",
                "put a b --cacert=/nowhere|128|open /nowhere: no such file or directory",
                "del|128|del command needs one argument as key and an optional argument as range_end",
                "txn a|128|txn command does not accept argument",
                "txn|3|EOF",
                "compaction|128|compaction command needs 1 argument",
                "compaction x|1|strconv.ParseInt: parsing \"x\": invalid syntax",
                "watch|128|bad number of arguments",
                "watch --|128|bad number of arguments (found separator --, but no commands)",
                "watch a b --prefix|128|`range_end` and `--prefix` are mutually exclusive",
                "watch -i|3|error reading watch request line: EOF",
                "lease grant|128|lease grant command needs TTL argument",
                "lease grant 1x|128|bad TTL (strconv.ParseInt: parsing \"1x\": invalid syntax)",
                "lease revoke zz|128|bad lease ID arg (strconv.ParseInt: parsing \"zz\": invalid syntax), expecting ID in Hex",
                "lease timetolive|128|lease timetolive command needs lease ID as argument",
                "lease keep-alive|128|lease keep-alive command needs lease ID as argument",
                "member add|128|member name not provided",
                "member add a|128|member peer urls not provided",
                "member add a http://x|128|too many arguments, did you mean --peer-urls=http://x",
                "member add a --peer-urls=x|1|URL scheme must be http, https, unix, or unixs: x",
                "member add a --peer-urls=http://x|1|URL address does not have the form \"host:port\": http://x",
                "member add a --peer-urls=http://x:1/|1|URL must not contain a path: http://x:1/",
                "member remove|128|member ID is not provided",
                "member remove node2|128|bad member ID arg (strconv.ParseUint: parsing \"node2\": invalid syntax), expecting ID in Hex",
                "move-leader|128|move-leader command needs 1 argument",
                "snapshot save|128|snapshot save expects one argument <filename>",
                "snapshot save a --endpoints=b:1,c:1|5|snapshot must be requested to one selected node, not multiple [b:1 c:1]",
                "alarm list a|128|alarm list command accepts no arguments",
                "lock|128|lock takes a lock name argument and an optional command to execute",
                "elect|128|elect takes one election name argument and an optional proposal argument",
                "elect a|128|no proposal argument but -l not set",
                "elect a b -l|128|proposal given but -l is set",
                "auth enable x|128|auth enable command does not accept any arguments",
                "user add|128|user add command requires user name as its argument",
                "user add :p|128|empty user name is not allowed",
                "user list x|128|user list command requires no arguments",
                "user grant-role u|128|user grant command requires user name and role name as its argument",
                "role add|128|role add command requires role name as its argument",
                "role grant-permission r read|128|role grant command requires role name, permission type, and key [endkey] as its argument",
                "role grant-permission r foo k|128|invalid permission type: foo",
                "role grant-permission r read k --prefix --from-key|128|--from-key and --prefix flags are mutually exclusive",
                "role grant-permission r read k l --prefix|128|unexpected endkey argument with --prefix flag",
                "check perf --load=tiny|4|unknown load option tiny",
                "check datascale --load=tiny|4|unknown load option tiny",
                "make-mirror|128|make-mirror takes one destination argument",
                "make-mirror a:1 --dest-prefix=x --no-dest-prefix|128|`--dest-prefix` and `--no-dest-prefix` cannot be set at the same time, choose one",
                "downgrade enable|128|TARGET_VERSION not provided",
                "downgrade validate a b|128|too many arguments"
            })
    void refusesInEtcdctlsWords(String line, int code, String message) {
        assertEquals(code, run(line), this::err);
        assertEquals("Error: " + message + "\n", err());
        assertEquals("", Bytes.of(out.toByteArray()));
    }

    @Test
    @Tag("CT-28")
    void watchKeysComeFromVariablesOrArgumentsNotBoth() {
        int both = run(Map.of("ETCDCTL_WATCH_KEY", "k"), "", List.of("watch", "a"));
        assertEquals(128, both);
        assertEquals("Error: bad number of arguments (found conflicting environment key)\n", err());
        int endOnly = run(Map.of("ETCDCTL_WATCH_RANGE_END", "z"), "", List.of("watch"));
        assertEquals(128, endOnly);
        assertEquals(
                "Error: ETCDCTL_WATCH_KEY is empty but got ETCDCTL_WATCH_RANGE_END=\"z\"\n", err());
    }

    @Test
    @Tag("CT-30")
    void watchLinesThatAreNoneAreToldAndPassedOver() {
        String lines = "\nfoo a\nwatch\nwatch a b --prefix\n";
        assertEquals(3, run(Map.of(), lines, List.of("watch", "-i")));
        assertEquals(
                """
                Invalid command:  (watch and progress supported)
                Invalid command foo a (only support watch)
                Invalid command watch (command type or key is not provided)
                Invalid command watch a b --prefix (`range_end` and `--prefix` are mutually exclusive)
                Error: error reading watch request line: EOF
                """,
                err());
    }

    @Test
    @Tag("CT-23")
    void transactionsPromptOnlyWhenInteractive() {
        String lines = "val(\"a\") = \"b\"\n\nput a b\n";
        assertEquals(3, run(Map.of(), lines, List.of("txn", "-i")));
        assertEquals("compares:\nsuccess requests (get, put, del):\n", Bytes.of(out.toByteArray()));
        assertEquals(3, run(Map.of(), "\nget a --foo\n\n\n", List.of("txn")));
        assertTrue(err().startsWith("Usage:\n   get [options] <key> [range_end] [flags]\n"), err());
        assertTrue(err().endsWith("\n\nError: invalid txn request: get a --foo\n"), err());
    }

    @Test
    @Tag("CT-04")
    void theVariableForTheApisVersionMeansNothing() {
        assertEquals(
                4,
                run(
                        Map.of("ETCDCTL_API", "2", "ETCDCTL_WRITE_OUT", "xml"),
                        "",
                        List.of("get", "a")));
        assertTrue(
                err().contains(
                                "\"msg\":\"unrecognized environment variable\","
                                        + "\"environment-variable\":\"ETCDCTL_API=2\"}"),
                err());
    }

    @Test
    @Tag("CT-59")
    void versionNamesTheToolThatItEquals() {
        assertEquals(0, run("version"));
        assertEquals("etcdctl version: 3.7.3\nAPI version: 3.7\n", Bytes.of(out.toByteArray()));
    }

    @Test
    @Tag("CT-02")
    @Tag("CT-16")
    void optionsListsTheGlobalFlags() {
        assertEquals(0, run("options"));
        String text = Bytes.of(out.toByteArray());
        assertTrue(
                text.startsWith(
                        "The following options can be passed to any command:\n\n"
                                + "      --auth-jwt-token string        JWT token used"),
                text);
        assertEquals(23, text.lines().count());
    }
}
