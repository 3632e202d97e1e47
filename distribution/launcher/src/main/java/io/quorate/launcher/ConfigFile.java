package io.quorate.launcher;

import io.quorate.engine.server.ConfigException;
import io.quorate.engine.server.Nearest;
import io.quorate.launcher.Flag.Type;
import io.quorate.launcher.GoValues.BadValue;

import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The configuration file (CF-01 to CF-07): YAML, and so JSON too, whose keys are the names of the
 * flags; TLS, discovery and socket options stand in blocks of their own. Durations are whole
 * nanoseconds. As with etcd, keys that are not known are ignored; we say which.
 */
final class ConfigFile {
    /** Flags that have their key inside a block; at the top they are not known. */
    private static final Map<String, String> BLOCKS = blocks();

    private static final Set<String> NOT_IN_FILES =
            Set.of(
                    "config-file",
                    "version",
                    "discovery-fallback",
                    "raft-read-timeout",
                    "raft-write-timeout");

    /** Plain words that are truth values in YAML 1.1, which etcd reads. */
    private static final Map<String, String> YAML_1_1 =
            Map.of("yes", "true", "on", "true", "no", "false", "off", "false");

    private final Path path;
    private final Log log;
    private final Values values = new Values();
    private final Map<String, Integer> lines = new HashMap<>();

    private ConfigFile(Path path, Log log) {
        this.path = path;
        this.log = log;
    }

    /**
     * @throws ConfigException for a file that cannot be read or understood; the message names the
     *     line and the key
     */
    static Values read(Path path, Log log) {
        ConfigFile file = new ConfigFile(path, log);
        Optional<Node> root = file.compose();
        if (root.isPresent() && !isNull(root.get())) file.block("", file.mapping(root.get()));
        return file.values;
    }

    private Optional<Node> compose() {
        String text;
        try {
            text = java.nio.file.Files.readString(path);
        } catch (IOException e) {
            throw new ConfigException(Files.why("open", path, e), e);
        }
        try {
            LoadSettings settings =
                    LoadSettings.builder()
                            .setLabel(path.toString())
                            .setAllowDuplicateKeys(true)
                            .build();
            StreamReader reader = new StreamReader(settings, text);
            return new Composer(settings, new ParserImpl(settings, reader)).getSingleNode();
        } catch (YamlEngineException e) {
            throw new ConfigException(
                    "error converting YAML to JSON: yaml: " + e.getMessage().replace('\n', ' '), e);
        }
    }

    private MappingNode mapping(Node root) {
        if (root instanceof MappingNode mapping) return mapping;
        throw new ConfigException(
                "error unmarshaling JSON: "
                        + path
                        + ": cannot unmarshal "
                        + kind(root)
                        + " into a configuration, which has lines such as \"name: a\"; a file of"
                        + " NAME=\"value\" lines is for the environment (EnvironmentFile of"
                        + " systemd)");
    }

    private void block(String prefix, MappingNode block) {
        for (NodeTuple entry : block.getValue()) {
            String key = key(prefix, entry.getKeyNode());
            String lower = key.toLowerCase(Locale.ROOT);
            warnOfDouble(lower, entry.getKeyNode());
            Node value = entry.getValueNode();
            if (isBlock(lower) && value instanceof MappingNode inner) {
                block(lower + ".", inner);
            } else if (isBlock(lower)) {
                if (!isNull(value)) throw bad(key, value, "a block of keys");
            } else {
                Optional<Flag> flag = flag(lower);
                if (flag.isEmpty()) warnOfUnknown(key, entry.getKeyNode());
                if (flag.isPresent() && !isNull(value)) set(flag.get(), lower, value);
            }
        }
    }

    private static String key(String prefix, Node node) {
        return prefix + (node instanceof ScalarNode scalar ? scalar.getValue() : "?");
    }

    private static boolean isBlock(String key) {
        return BLOCKS.keySet().stream().anyMatch(path -> path.startsWith(key + "."));
    }

    private static Optional<Flag> flag(String key) {
        String inBlock = BLOCKS.get(key);
        if (inBlock != null) return Flags.find(inBlock);
        if (BLOCKS.containsValue(key) || NOT_IN_FILES.contains(key)) return Optional.empty();
        return Flags.find(key).filter(flag -> flag.type() != Type.IGNORED);
    }

    private void set(Flag flag, String key, Node value) {
        switch (flag.type()) {
            case BOOL -> set(flag, key, bool(key, value));
            case UNSIGNED, UNSIGNED_32, NUMBER -> set(flag, key, whole(flag, key, value));
            case DURATION -> set(flag, key, whole(flag, key, value) + "ns");
            case LIST -> set(flag, key, list(key, value));
            case SETTINGS -> settings(flag, key, value);
            case TEXTS ->
                    set(flag, key, BLOCKS.containsKey(key) ? list(key, value) : text(key, value));
            case TEXT,
                    URLS,
                    ORIGINS,
                    CLUSTER_STATE,
                    FALLBACK,
                    V2_DEPRECATION,
                    LEVEL,
                    GATES,
                    MOUNT,
                    IGNORED ->
                    set(flag, key, text(key, value));
        }
    }

    private void set(Flag flag, String key, String text) {
        if (text.isEmpty() && flag.type() != Type.TEXT) return;
        try {
            values.set(flag, text);
        } catch (BadValue e) {
            throw new ConfigException(
                    switch (flag.type()) {
                        case URLS -> "unexpected error setting up " + key + ": " + e.getMessage();
                        case CLUSTER_STATE -> "unexpected clusterState \"" + text + "\"";
                        default ->
                                "invalid value \"" + text + "\" for " + key + ": " + e.getMessage();
                    },
                    e);
        }
    }

    private String text(String key, Node value) {
        if (value instanceof ScalarNode scalar && kind(value).equals("string")) {
            return scalar.getValue();
        }
        throw bad(key, value, "text; put quotes around it");
    }

    private String bool(String key, Node value) {
        if (!kind(value).equals("bool")) throw bad(key, value, "true or false");
        String word = ((ScalarNode) value).getValue().toLowerCase(Locale.ROOT);
        return YAML_1_1.getOrDefault(word, word);
    }

    private String whole(Flag flag, String key, Node value) {
        boolean whole = value instanceof ScalarNode && value.getTag().equals(Tag.INT);
        String wanted =
                flag.type() == Type.DURATION ? "a whole number of nanoseconds" : "a whole number";
        if (!whole) throw bad(key, value, wanted);
        String text = ((ScalarNode) value).getValue();
        if (text.startsWith("-") && flag.type() != Type.NUMBER) {
            throw bad(key, value, wanted + ", not negative");
        }
        return text;
    }

    private String list(String key, Node value) {
        if (!(value instanceof SequenceNode sequence)) throw bad(key, value, "a list");
        List<String> texts = new ArrayList<>();
        for (Node element : sequence.getValue()) texts.add(text(key, element));
        return String.join(",", texts);
    }

    private void settings(Flag flag, String key, Node value) {
        String wanted = "a map from plugin to a map of settings";
        if (!(value instanceof MappingNode plugins)) throw bad(key, value, wanted);
        for (NodeTuple plugin : plugins.getValue()) {
            if (!(plugin.getValueNode() instanceof MappingNode pairs)) {
                throw bad(key, plugin.getValueNode(), wanted);
            }
            for (NodeTuple pair : pairs.getValue()) {
                if (!(pair.getValueNode() instanceof ScalarNode scalar)) {
                    throw bad(key, pair.getValueNode(), wanted);
                }
                String name = key("", plugin.getKeyNode()) + "." + key("", pair.getKeyNode());
                set(flag, key, name + "=" + scalar.getValue());
            }
        }
    }

    private ConfigException bad(String key, Node value, String wanted) {
        String shown = value instanceof ScalarNode scalar ? " " + scalar.getValue() : "";
        return new ConfigException(
                "error unmarshaling JSON: "
                        + path
                        + " line "
                        + line(value)
                        + ": cannot unmarshal "
                        + kind(value)
                        + shown
                        + " into "
                        + key
                        + ", which must be "
                        + wanted);
    }

    private void warnOfUnknown(String key, Node node) {
        List<String> known = new ArrayList<>(BLOCKS.keySet());
        for (Flag flag : Flags.ALL) if (flag(flag.name()).isPresent()) known.add(flag.name());
        String lower = key.toLowerCase(Locale.ROOT);
        Optional<String> inBlock =
                BLOCKS.entrySet().stream()
                        .filter(entry -> entry.getValue().equals(lower))
                        .map(Map.Entry::getKey)
                        .findFirst();
        Optional<String> nearest = inBlock.or(() -> Nearest.find(lower, known));
        log.warn(
                "ignored a key of the configuration file that is not known",
                "path",
                path.toString(),
                "line",
                line(node),
                "key",
                key,
                "nearest-known-key",
                nearest.orElse(""));
    }

    private void warnOfDouble(String key, Node node) {
        Integer earlier = lines.put(key, line(node));
        if (earlier == null) return;
        log.warn(
                "a key of the configuration file stands there twice; the last one counts",
                "path",
                path.toString(),
                "key",
                key,
                "line",
                earlier,
                "line-that-counts",
                line(node));
    }

    private static int line(Node node) {
        return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
    }

    private static boolean isNull(Node node) {
        return node.getTag().equals(Tag.NULL);
    }

    /** What a node is, in the words of Go's JSON errors. */
    private static String kind(Node node) {
        if (node instanceof MappingNode) return "object";
        if (node instanceof SequenceNode) return "array";
        ScalarNode scalar = (ScalarNode) node;
        Tag tag = scalar.getTag();
        if (tag.equals(Tag.INT) || tag.equals(Tag.FLOAT)) return "number";
        boolean word =
                scalar.getScalarStyle() == ScalarStyle.PLAIN
                        && YAML_1_1.containsKey(scalar.getValue().toLowerCase(Locale.ROOT));
        return tag.equals(Tag.BOOL) || word ? "bool" : "string";
    }

    private static Map<String, String> blocks() {
        Map<String, String> blocks = new HashMap<>();
        for (String key :
                List.of(
                        "cert-file",
                        "key-file",
                        "client-cert-file",
                        "client-key-file",
                        "client-cert-auth",
                        "trusted-ca-file",
                        "auto-tls")) {
            blocks.put("client-transport-security." + key, key);
            blocks.put("peer-transport-security." + key, "peer-" + key);
        }
        blocks.put("client-transport-security.allowed-hostname", "client-cert-allowed-hostname");
        blocks.put("peer-transport-security.allowed-cn", "peer-cert-allowed-cn");
        blocks.put("peer-transport-security.allowed-hostname", "peer-cert-allowed-hostname");
        blocks.put(
                "peer-transport-security.skip-client-san-verification",
                "peer-skip-client-san-verification");
        blocks.put("socket-options.reuse-port", "socket-reuse-port");
        blocks.put("socket-options.reuse-address", "socket-reuse-address");
        String discovery = "discovery-config.";
        blocks.put(discovery + "token", "discovery-token");
        for (String key :
                List.of(
                        "endpoints",
                        "dial-timeout",
                        "request-timeout",
                        "keepalive-time",
                        "keepalive-timeout")) {
            blocks.put(discovery + "client." + key, "discovery-" + key);
        }
        for (String key :
                List.of(
                        "cert",
                        "key",
                        "cacert",
                        "insecure-transport",
                        "insecure-skip-tls-verify")) {
            blocks.put(discovery + "client.secure." + key, "discovery-" + key);
        }
        blocks.put(discovery + "client.auth.username", "discovery-user");
        blocks.put(discovery + "client.auth.password", "discovery-password");
        return Map.copyOf(blocks);
    }
}
