package io.quorate.utl;

import io.quorate.cli.Exit;
import io.quorate.cli.GoText;
import io.quorate.cli.Invocation;
import io.quorate.cli.Table;
import io.quorate.cli.Terminal;
import io.quorate.engine.bolt.SnapshotStatus;
import io.quorate.engine.state.KvHash;

import java.util.List;
import java.util.Locale;

/** Prints results in the chosen format (UT-01). */
enum Printer {
    SIMPLE,
    FIELDS,
    JSON,
    TABLE,
    PROTOBUF;

    /**
     * The format that {@code --write-out} names.
     *
     * @throws Exit for a name that is none
     */
    static Printer of(Invocation call) {
        String name = call.flags().text(Etcdutl.WRITE_OUT);
        for (Printer printer : values()) {
            if (printer.name().toLowerCase(Locale.ROOT).equals(name)) return printer;
        }
        throw new Exit(Exit.BAD_FEATURE, "unsupported output format");
    }

    void print(SnapshotStatus status, Terminal terminal) {
        String hash = Integer.toHexString(status.hash());
        String size = GoText.size(status.totalBytes());
        long revision = status.revision();
        long keys = status.totalKeys();
        switch (this) {
            case SIMPLE ->
                    terminal.line(
                            hash
                                    + ", "
                                    + revision
                                    + ", "
                                    + keys
                                    + ", "
                                    + size
                                    + ", "
                                    + status.version());
            case FIELDS -> {
                terminal.line("\"Hash\" : " + Integer.toUnsignedString(status.hash()));
                terminal.line("\"Revision\" : " + revision);
                terminal.line("\"Keys\" : " + keys);
                terminal.line("\"Size\" : " + status.totalBytes());
                terminal.line("\"Version\" : " + status.version());
            }
            case JSON ->
                    terminal.line(
                            "{\"hash\":"
                                    + Integer.toUnsignedString(status.hash())
                                    + ",\"revision\":"
                                    + revision
                                    + ",\"totalKey\":"
                                    + keys
                                    + ",\"totalSize\":"
                                    + status.totalBytes()
                                    + ",\"version\":\""
                                    + status.version()
                                    + "\"}");
            case TABLE ->
                    terminal.print(
                            new Table(
                                            List.of(
                                                    "hash",
                                                    "revision",
                                                    "total keys",
                                                    "total size",
                                                    "version"),
                                            List.of(
                                                    List.of(
                                                            hash,
                                                            String.valueOf(revision),
                                                            String.valueOf(keys),
                                                            size,
                                                            status.version())))
                                    .print());
            case PROTOBUF -> throw noProtobuf();
        }
    }

    void print(KvHash hash, Terminal terminal) {
        String value = Integer.toUnsignedString(hash.hash());
        String revision = String.valueOf(hash.hashRevision());
        String compacted = String.valueOf(hash.compactRevision());
        switch (this) {
            case SIMPLE -> terminal.line(value + ", " + revision + ", " + compacted);
            case FIELDS -> {
                terminal.line("\"Hash\" : " + value);
                terminal.line("\"Hash revision\" : " + revision);
                terminal.line("\"Compact revision\" : " + compacted);
            }
            case JSON ->
                    terminal.line(
                            "{\"hash\":"
                                    + value
                                    + ",\"hashRevision\":"
                                    + revision
                                    + ",\"compactRevision\":"
                                    + compacted
                                    + "}");
            case TABLE ->
                    terminal.print(
                            new Table(
                                            List.of("hash", "hash revision", "compact revision"),
                                            List.of(List.of(value, revision, compacted)))
                                    .print());
            case PROTOBUF -> throw noProtobuf();
        }
    }

    private static Exit noProtobuf() {
        return new Exit(Exit.BAD_FEATURE, "protobuf not supported as output format");
    }
}
