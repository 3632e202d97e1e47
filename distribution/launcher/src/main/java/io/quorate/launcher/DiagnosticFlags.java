package io.quorate.launcher;

import io.quorate.launcher.Flag.Section;
import io.quorate.launcher.Flag.Support;
import io.quorate.launcher.Flag.Type;

import java.util.List;

/** Flags about what is seen of a running member: metrics, logs, traces. */
final class DiagnosticFlags {
    /** In the order of the help. */
    static final List<Flag> ALL =
            List.of(
                    Flag.of(
                            "enable-pprof",
                            Section.MONITORING,
                            Type.BOOL,
                            "false",
                            "",
                            Support.LATER,
                            "Serves profiles of the process to clients.",
                            ""),
                    Flag.of(
                            "metrics",
                            Section.MONITORING,
                            Type.TEXT,
                            "basic",
                            "",
                            Support.WORKS,
                            "Detail of the metrics, basic or extensive: the duration of every call.",
                            ""),
                    Flag.of(
                            "listen-metrics-urls",
                            Section.MONITORING,
                            Type.URLS,
                            "",
                            "",
                            Support.WORKS,
                            "Where else to serve /metrics and /health.",
                            "IP addresses or localhost; http or https."),
                    Flag.of(
                            "logger",
                            Section.LOGGING,
                            Type.TEXT,
                            "zap",
                            "",
                            Support.WORKS,
                            "Form of the log; zap is the only one.",
                            ""),
                    Flag.of(
                            "log-outputs",
                            Section.LOGGING,
                            Type.LIST,
                            "default",
                            "",
                            Support.WORKS,
                            "Where log lines go: default, stderr, stdout, files.",
                            "systemd/journal comes with a later release; under systemd stderr ends in the journal."),
                    Flag.of(
                            "log-level",
                            Section.LOGGING,
                            Type.LEVEL,
                            "info",
                            "",
                            Support.WORKS,
                            "Least level that is logged: debug, info, warn, error, panic or fatal.",
                            ""),
                    Flag.of(
                            "log-format",
                            Section.LOGGING,
                            Type.TEXT,
                            "json",
                            "",
                            Support.WORKS,
                            "How log lines look, json or console.",
                            ""),
                    Flag.of(
                            "enable-log-rotation",
                            Section.LOGGING,
                            Type.BOOL,
                            "false",
                            "",
                            Support.WORKS,
                            "Starts new log files by size or age.",
                            "Needs a single file in --log-outputs. Old files get the time into their names."),
                    Flag.of(
                            "log-rotation-config-json",
                            Section.LOGGING,
                            Type.TEXT,
                            "{\"maxsize\": 100, \"maxage\": 0, \"maxbackups\": 0, \"localtime\": false, \"compress\": false}",
                            "",
                            Support.WORKS,
                            "Size, age and number of the log files of the rotation.",
                            "Used with --enable-log-rotation only. maxsize in MiB, maxage in days."),
                    Flag.of(
                            "warning-unary-request-duration",
                            Section.LOGGING,
                            Type.DURATION,
                            "300ms",
                            "",
                            Support.WORKS,
                            "A call that takes longer is logged.",
                            ""),
                    Flag.of(
                            "enable-distributed-tracing",
                            Section.TRACING,
                            Type.BOOL,
                            "false",
                            "",
                            Support.LATER,
                            "Sends traces to a collector.",
                            ""),
                    Flag.of(
                            "distributed-tracing-address",
                            Section.TRACING,
                            Type.TEXT,
                            "localhost:4317",
                            "",
                            Support.HARMLESS,
                            "Address of the collector.",
                            "Used with --enable-distributed-tracing only."),
                    Flag.of(
                            "distributed-tracing-service-name",
                            Section.TRACING,
                            Type.TEXT,
                            "etcd",
                            "",
                            Support.HARMLESS,
                            "Service name in the traces.",
                            "Used with --enable-distributed-tracing only."),
                    Flag.of(
                            "distributed-tracing-instance-id",
                            Section.TRACING,
                            Type.TEXT,
                            "",
                            "",
                            Support.HARMLESS,
                            "Instance name in the traces.",
                            "Used with --enable-distributed-tracing only."),
                    Flag.of(
                            "distributed-tracing-sampling-rate",
                            Section.TRACING,
                            Type.NUMBER,
                            "0",
                            "",
                            Support.HARMLESS,
                            "Traces sent out of a million.",
                            "Used with --enable-distributed-tracing only."));

    private DiagnosticFlags() {}
}
