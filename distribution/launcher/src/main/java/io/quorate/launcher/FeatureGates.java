package io.quorate.launcher;

import io.quorate.engine.server.ConfigException;
import io.quorate.engine.server.ServerConfig.Feature;
import io.quorate.launcher.GoValues.BadValue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The value of {@code --feature-gates} (FL-100). */
final class FeatureGates {
    /** Every gate of etcd 3.7 and its default. */
    private static final Map<String, Boolean> DEFAULTS =
            Map.ofEntries(
                    Map.entry("AllAlpha", false),
                    Map.entry("AllBeta", false),
                    Map.entry("CompactHashCheck", false),
                    Map.entry("FastLeaseKeepAlive", true),
                    Map.entry("InitialCorruptCheck", false),
                    Map.entry("LeaseCheckpoint", false),
                    Map.entry("LeaseCheckpointPersist", false),
                    Map.entry("PriorityRequest", false),
                    Map.entry("SetMemberLocalAddr", false),
                    Map.entry("StopGRPCServiceOnDefrag", false),
                    Map.entry("TxnModeWriteWithSharedBuffer", true));

    private static final Set<String> BETA =
            Set.of("AllBeta", "FastLeaseKeepAlive", "TxnModeWriteWithSharedBuffer");

    /** Gates that this release serves at any value; the others at their default only. */
    private static final Set<String> SERVED =
            Set.of(
                    "CompactHashCheck",
                    "InitialCorruptCheck",
                    "LeaseCheckpoint",
                    "LeaseCheckpointPersist");

    private FeatureGates() {}

    /**
     * Refuses what this release does not have, and gates that do not fit each other.
     *
     * @param text a valid value
     */
    static void check(String text) {
        for (String gate : changed(text).keySet()) {
            if (!SERVED.contains(gate)) {
                throw new ConfigException(
                        "feature gate "
                                + gate
                                + " is not supported by this release yet; remove it or keep its"
                                + " default ("
                                + DEFAULTS.get(gate)
                                + ")");
            }
        }
        if (isOn("LeaseCheckpointPersist", text) && !isOn("LeaseCheckpoint", text)) {
            throw new ConfigException(
                    "enabling feature gate LeaseCheckpointPersist requires enabling feature gate"
                            + " LeaseCheckpoint");
        }
    }

    /**
     * All gates with their stage, sorted by name.
     *
     * @param text a valid value
     */
    static List<Feature> list(String text) {
        return DEFAULTS.keySet().stream()
                .sorted()
                .map(gate -> new Feature(gate, stage(gate), isOn(gate, text)))
                .toList();
    }

    private static String stage(String gate) {
        return BETA.contains(gate) ? "BETA" : "ALPHA";
    }

    /** The gates that are not at their default, sorted; empty when all are. */
    static String parse(String text) {
        StringBuilder shown = new StringBuilder();
        changed(text)
                .forEach((gate, on) ->
                        shown.append(shown.isEmpty() ? "" : ",")
                                .append(gate)
                                .append('=')
                                .append(on));
        return shown.toString();
    }

    private static TreeMap<String, Boolean> changed(String text) {
        TreeMap<String, Boolean> changed = new TreeMap<>();
        for (String part : text.split(",")) {
            if (part.isBlank()) continue;
            int equals = part.indexOf('=');
            String gate = (equals < 0 ? part : part.substring(0, equals)).strip();
            if (equals < 0) throw new BadValue("missing bool value for " + gate);
            boolean on = on(gate, part.substring(equals + 1).strip());
            if (!DEFAULTS.containsKey(gate)) {
                throw new BadValue("unrecognized feature gate: " + gate);
            }
            if (on != DEFAULTS.get(gate)) changed.put(gate, on);
        }
        return changed;
    }

    /**
     * @param text a valid value
     */
    static boolean isOn(String gate, String text) {
        return changed(text).getOrDefault(gate, DEFAULTS.get(gate));
    }

    private static boolean on(String gate, String value) {
        try {
            return GoValues.bool(value);
        } catch (BadValue e) {
            throw new BadValue(
                    "invalid value of "
                            + gate
                            + "="
                            + value
                            + ", err: strconv.ParseBool: parsing \""
                            + value
                            + "\": invalid syntax");
        }
    }
}
