package io.quorate.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.server.ConfigException;
import io.quorate.launcher.Environment.Shadowed;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;

class EnvironmentTest {
    private final CapturedLog log = new CapturedLog();

    @Test
    @Tag("EN-01")
    void everyFlagHasAVariable() {
        assertEquals("ETCD_INITIAL_CLUSTER_STATE", Flags.get("initial-cluster-state").variable());
        Values values = apply(Map.of("ETCD_NAME", "a", "ETCD_HEARTBEAT_INTERVAL", "50"));
        assertEquals("a", values.text("name"));
        assertEquals(50, values.number("heartbeat-interval"));
        assertTrue(
                log.has(
                        "\"level\":\"info\"",
                        "\"msg\":\"recognized and used environment variable\"",
                        "\"variable-name\":\"ETCD_NAME\",\"variable-value\":\"a\""));
    }

    @Test
    @Tag("EN-02")
    void aFlagAndItsVariableTogetherEndTheStart() {
        Shadowed shadowed =
                assertThrows(Shadowed.class, () -> apply(Map.of("ETCD_NAME", "a"), "--name", "a"));
        assertEquals("ETCD_NAME", shadowed.variable);
        assertTrue(
                shadowed.getMessage()
                        .startsWith(
                                "conflicting environment variable is shadowed by corresponding"
                                        + " command-line flag (either unset environment variable or"
                                        + " disable flag)"));
    }

    @Test
    @Tag("EN-03")
    void anUnknownVariableIsAWarning() {
        apply(Map.of("ETCD_FOO", "1", "OTHER", "2"));
        assertTrue(
                log.has(
                        "\"level\":\"warn\"",
                        "\"msg\":\"unrecognized environment variable\"",
                        "\"environment-variable\":\"ETCD_FOO=1\""));
        assertFalse(log.has("OTHER"));
    }

    @Test
    @Tag("EN-04")
    void etcdVersionIsNotTheVersionFlag() {
        Values values = apply(Map.of("ETCD_VERSION", "3.7.1"));
        assertFalse(values.isSet("version"));
        assertTrue(log.has("cannot set special environment variable", "ETCD_VERSION"));
        assertFalse(log.has("unrecognized"));
    }

    @Test
    void anEmptyVariableIsNone() {
        assertFalse(apply(Map.of("ETCD_NAME", "")).isSet("name"));
    }

    @Test
    void aBadValueNamesTheVariable() {
        ConfigException refused =
                assertThrows(ConfigException.class, () -> apply(Map.of("ETCD_PRE_VOTE", "maybe")));
        assertEquals(
                "invalid value \"maybe\" for ETCD_PRE_VOTE: parse error", refused.getMessage());
    }

    private Values apply(Map<String, String> environment, String... arguments) {
        Values values = CommandLine.parse(List.of(arguments)).values();
        Environment.apply(environment, values, log.log());
        return values;
    }
}
