package io.quorate.ctl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.api.proto.Compare;
import io.quorate.cli.Exit;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;

/** The grammar of transactions and interactive lines. */
final class TxnTextTest {
    @ParameterizedTest
    @Tag("CT-24")
    @CsvSource({"ver,VERSION", "version,VERSION", "c,CREATE", "create,CREATE", "m,MOD", "mod,MOD"})
    void revisionsAndVersionsAreNumbers(String target, Compare.CompareTarget expected) {
        Compare compare = CompareText.parse(target + "(\"k\\x41\") > \"12\"");
        assertEquals(expected, compare.getTarget());
        assertEquals(Compare.CompareResult.GREATER, compare.getResult());
        assertEquals("kA", compare.getKey().toStringUtf8());
        assertEquals(
                12, compare.getVersion() + compare.getCreateRevision() + compare.getModRevision());
    }

    @Test
    @Tag("CT-24")
    void valuesAreBytesAndLeasesHex() {
        Compare value = CompareText.parse("val(\"k\") != \"\\xff a\"");
        assertEquals(Compare.CompareTarget.VALUE, value.getTarget());
        assertEquals("\u00ff a", Ranges.text(value.getValue()));
        Compare lease = CompareText.parse("lease(`k`) < \"1f\"");
        assertEquals(0x1f, lease.getLease());
        assertEquals(Compare.CompareResult.LESS, lease.getResult());
    }

    @ParameterizedTest
    @Tag("CT-24")
    @CsvSource(
            delimiter = '|',
            value = {
                "mod k|malformed comparison: mod k",
                "mod(\"a\")>\"0\"|malformed comparison: mod(\"a\")>\"0\"; got mod(\"a\")  \"\"",
                "mod(a) > \"0\"|malformed comparison: mod(a) > \"0\"; got mod(\"\")  \"\"",
                "mod(\"a\") > 0|malformed comparison: mod(\"a\") > 0; got mod(\"a\") > \"\"",
                "foo(\"a\") = \"0\"|malformed comparison: foo(\"a\") = \"0\" (unknown target foo)",
                "mod(\"a\") = \"x\"|invalid txn compare request: mod(\"a\") = \"x\""
            })
    void whatIsNoConditionIsRefusedInEtcdctlsWords(String line, String message) {
        Exit exit = assertThrows(Exit.class, () -> CompareText.parse(line));
        assertEquals(message, exit.getMessage());
        assertEquals(Exit.INVALID_INPUT, exit.code());
    }

    @Test
    @Tag("CT-25")
    void linesAreSplitWithQuotes() {
        assertEquals(
                List.of("put", "a b", "c\\n'", "d"),
                Words.split("  put \"a b\"\t'c\\n'\"'\" d".replace("'c\\n'\"'\"", "\"c\\\\n'\"")));
        assertEquals(List.of("it's", "x\"y"), Words.split("it's x\"y"));
        assertEquals(List.of(""), Words.split("''"));
        Exit exit = assertThrows(Exit.class, () -> Words.split("put \"a\\q\" b"));
        assertEquals("invalid syntax", exit.getMessage());
        assertEquals(Exit.INVALID_INPUT, exit.code());
    }
}
