package io.quorate.utl;

import io.quorate.cli.Bytes;
import io.quorate.cli.Exit;
import io.quorate.cli.Flag;
import io.quorate.cli.FlagType;
import io.quorate.cli.FlagValues;
import io.quorate.engine.server.ServerConfig;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Which plugins hold the data: the flags of the same names that the member has. */
final class StorageFlags {
    static final Flag LOG =
            Flag.of("storage-log", FlagType.STRING, "file", "Plugin that holds the Raft log");
    static final Flag STATE =
            Flag.of("storage-state", FlagType.STRING, "file", "Plugin that holds the state");
    static final Flag SETTING =
            Flag.of(
                    "storage-setting",
                    FlagType.STRINGS,
                    "",
                    "A setting of a storage plugin, such as file.log.segment-bytes=1048576; may be"
                            + " repeated");
    static final Flag PLUGINS =
            Flag.text(
                    "plugins-dir",
                    "Directory with one directory of jars for each further plugin (default plugins"
                            + " beside lib)");

    private StorageFlags() {}

    static ServerConfig.Storage storage(FlagValues flags, Optional<Path> defaultPlugins) {
        return new ServerConfig.Storage(
                Bytes.toText(flags.text(LOG.name())),
                Bytes.toText(flags.text(STATE.name())),
                settings(flags),
                plugins(flags, defaultPlugins));
    }

    static Optional<Path> plugins(FlagValues flags, Optional<Path> defaultPlugins) {
        return flags.given(PLUGINS.name())
                ? Optional.of(Path.of(Bytes.toText(flags.text(PLUGINS.name()))))
                : defaultPlugins;
    }

    /** Settings by the plugin that stands before their first dot. */
    static Map<String, Map<String, String>> settings(FlagValues flags) {
        Map<String, Map<String, String>> settings = new HashMap<>();
        for (String bytes : flags.list(SETTING.name())) {
            String text = Bytes.toText(bytes);
            int equals = text.indexOf('=');
            int dot = text.indexOf('.');
            if (equals < 0 || dot < 1 || dot > equals) {
                throw Exit.badArguments(
                        "--storage-setting must look like PLUGIN.NAME=VALUE, got \"" + text + "\"");
            }
            settings.computeIfAbsent(text.substring(0, dot), plugin -> new HashMap<>())
                    .put(text.substring(dot + 1, equals), text.substring(equals + 1));
        }
        return settings;
    }
}
