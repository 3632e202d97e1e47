package io.quorate.launcher;

import io.quorate.launcher.Flag.Section;
import io.quorate.launcher.Flag.Support;
import io.quorate.launcher.Flag.Type;

import java.util.List;

/** Flags that etcd does not have: which plugins make up this member. */
final class PluginFlags {
    /** In the order of the help. */
    static final List<Flag> ALL =
            List.of(
                    Flag.of(
                            "storage-log",
                            Section.STORAGE,
                            Type.TEXT,
                            "file",
                            "",
                            Support.WORKS,
                            "Plugin that holds the Raft log.",
                            ""),
                    Flag.of(
                            "storage-state",
                            Section.STORAGE,
                            Type.TEXT,
                            "file",
                            "",
                            Support.WORKS,
                            "Plugin that holds the state.",
                            ""),
                    Flag.of(
                            "storage-setting",
                            Section.STORAGE,
                            Type.SETTINGS,
                            "",
                            "",
                            Support.WORKS,
                            "A setting of a storage plugin, such as file.log.segment-bytes=1048576; may be repeated.",
                            "In the file: a map from plugin to a map of settings."),
                    Flag.of(
                            "plugins-dir",
                            Section.STORAGE,
                            Type.TEXT,
                            "",
                            "plugins beside lib",
                            Support.WORKS,
                            "Directory with one directory of jars for each further plugin.",
                            ""),
                    Flag.of(
                            "transport",
                            Section.STORAGE,
                            Type.TEXT,
                            "tcp",
                            "",
                            Support.WORKS,
                            "Plugin that carries messages between members, tcp or http2; the same in all of them.",
                            ""),
                    Flag.of(
                            "transport-setting",
                            Section.STORAGE,
                            Type.SETTINGS,
                            "",
                            "",
                            Support.WORKS,
                            "A setting of the transport, such as tcp.idle-timeout=10s; may be repeated.",
                            "In the file: a map from plugin to a map of settings."),
                    Flag.of(
                            "grpc-mount",
                            Section.STORAGE,
                            Type.MOUNT,
                            "core",
                            "",
                            Support.WORKS,
                            "Which code serves gRPC: ours (core) or Helidon's own (helidon).",
                            ""));

    private PluginFlags() {}
}
