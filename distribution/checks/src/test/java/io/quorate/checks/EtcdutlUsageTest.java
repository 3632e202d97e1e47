package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Map;

/** What {@code etcdutl} does not have. */
final class EtcdutlUsageTest {
    /** etcd's manual has them, its program has not. */
    @ParameterizedTest
    @ValueSource(strings = {"list-bucket", "iterate-bucket", "hash"})
    @Tag("UT-12")
    void commandsOfTheManualThatTheProgramDoesNotHave(String command) {
        Exec.Outcome real =
                Exec.run(List.of(Binaries.etcdutl37().toString(), command, "db"), Map.of(), "");
        Exec.Outcome ours =
                Exec.run(List.of(Binaries.ourEtcdutl().toString(), command, "db"), Map.of(), "");
        assertEquals(real, ours);
        // The beginning of a name will do: hash is taken for hashkv.
        String words =
                command.equals("hash")
                        ? "stat db: no such file or directory"
                        : "unknown command \"" + command + "\"";
        assertTrue(ours.err().contains(words), ours.err());
    }
}
