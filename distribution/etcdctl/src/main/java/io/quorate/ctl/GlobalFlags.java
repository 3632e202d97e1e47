package io.quorate.ctl;

import io.quorate.cli.Flag;
import io.quorate.cli.FlagType;

/** The flags of all commands (CT-01, CT-02). */
final class GlobalFlags {
    static final String VARIABLE_PREFIX = "ETCDCTL";

    static final Flag[] ALL =
            hidden(
                    Flag.of("endpoints", FlagType.STRINGS, "127.0.0.1:2379", "gRPC endpoints"),
                    Flag.toggle("debug", "enable client-side debug logging"),
                    Flag.of(
                                    "write-out",
                                    FlagType.STRING,
                                    "simple",
                                    "set the output format (fields, json, protobuf, simple, table)")
                            .withLetter("w")
                            .withChoices("fields", "json", "protobuf", "simple", "table"),
                    Flag.toggle("hex", "print byte strings as hex encoded strings"),
                    duration("dial-timeout", "2s", "dial timeout for client connections"),
                    duration(
                            "command-timeout",
                            "5s",
                            "timeout for short running command (excluding dial timeout)"),
                    duration("keepalive-time", "2s", "keepalive time for client connections"),
                    duration("keepalive-timeout", "6s", "keepalive timeout for client connections"),
                    Flag.number(
                            "max-request-bytes",
                            "client-side request send limit in bytes (if 0, it defaults to 2.0 MiB (2 *"
                                    + " 1024 * 1024).)"),
                    Flag.number(
                            "max-recv-bytes",
                            "client-side response receive limit in bytes (if 0, it defaults to"
                                    + " \"math.MaxInt32\")"),
                    on("insecure-transport", "disable transport security for client connections"),
                    on(
                            "insecure-discovery",
                            "accept insecure SRV records describing cluster endpoints"),
                    Flag.toggle(
                            "insecure-skip-tls-verify",
                            "skip server certificate verification (CAUTION: this option should be enabled"
                                    + " only for testing purposes)"),
                    Flag.text("cert", "identify secure client using this TLS certificate file"),
                    Flag.text("key", "identify secure client using this TLS key file"),
                    Flag.text(
                            "cacert",
                            "verify certificates of TLS-enabled secure servers using this CA bundle"),
                    Flag.text(
                            "auth-jwt-token",
                            "JWT token used for authentication (if this option is used, --user and"
                                    + " --password should not be set)"),
                    Flag.text(
                            "user",
                            "username[:password] for authentication (prompt if password is not supplied)"),
                    Flag.text(
                            "password",
                            "password for authentication (if this option is used, --user option shouldn't"
                                    + " include password)"),
                    Flag.text(
                                    "discovery-srv",
                                    "domain name to query for SRV records describing cluster endpoints")
                            .withLetter("d"),
                    Flag.text(
                            "discovery-srv-name",
                            "service name to query when using DNS discovery"));

    private GlobalFlags() {}

    private static Flag duration(String name, String initial, String usage) {
        return Flag.of(name, FlagType.DURATION, initial, usage);
    }

    private static Flag on(String name, String usage) {
        return Flag.of(name, FlagType.BOOL, "true", usage);
    }

    /** The help of a command does not list them; {@code etcdctl options} does. */
    private static Flag[] hidden(Flag... flags) {
        for (int i = 0; i < flags.length; i++) flags[i] = flags[i].withHidden(true);
        return flags;
    }
}
