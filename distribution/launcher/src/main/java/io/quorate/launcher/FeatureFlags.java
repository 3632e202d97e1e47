package io.quorate.launcher;

import io.quorate.launcher.Flag.Section;
import io.quorate.launcher.Flag.Support;
import io.quorate.launcher.Flag.Type;

import java.util.List;

/** Flags of single features, and of those that give up safety. */
final class FeatureFlags {
    /** In the order of the help. */
    static final List<Flag> ALL =
            List.of(
                    Flag.of(
                            "corrupt-check-time",
                            Section.FEATURES,
                            Type.DURATION,
                            "0s",
                            "",
                            Support.WORKS,
                            "Time between two comparisons of the members' states; 0 is off.",
                            ""),
                    Flag.of(
                            "compact-hash-check-time",
                            Section.FEATURES,
                            Type.DURATION,
                            "1m",
                            "",
                            Support.WORKS,
                            "Time between two comparisons of compaction hashes.",
                            "Used with the gate CompactHashCheck only."),
                    Flag.of(
                            "compaction-batch-limit",
                            Section.FEATURES,
                            Type.NUMBER,
                            "1000",
                            "",
                            Support.WORKS,
                            "Revisions that one step of a compaction deletes.",
                            ""),
                    Flag.of(
                            "compaction-sleep-interval",
                            Section.FEATURES,
                            Type.DURATION,
                            "10ms",
                            "",
                            Support.WORKS,
                            "Pause between two steps of a compaction, at least eight times the step.",
                            "Negative for none."),
                    Flag.of(
                            "peer-skip-client-san-verification",
                            Section.FEATURES,
                            Type.BOOL,
                            "false",
                            "",
                            Support.WORKS,
                            "Members may connect from addresses that their certificates do not name.",
                            ""),
                    Flag.of(
                            "watch-progress-notify-interval",
                            Section.FEATURES,
                            Type.DURATION,
                            "10m",
                            "",
                            Support.WORKS,
                            "Time between two progress notifications of a watch.",
                            "Below 100ms counts as 100ms."),
                    Flag.of(
                            "warning-apply-duration",
                            Section.FEATURES,
                            Type.DURATION,
                            "100ms",
                            "",
                            Support.WORKS,
                            "A request whose apply takes longer is logged.",
                            ""),
                    Flag.of(
                            "bootstrap-defrag-threshold-megabytes",
                            Section.FEATURES,
                            Type.UNSIGNED,
                            "0",
                            "",
                            Support.WORKS,
                            "Defragments at the start when that frees this much; 0 is off.",
                            "In MiB, before the member serves."),
                    Flag.of(
                            "max-learners",
                            Section.FEATURES,
                            Type.NUMBER,
                            "1",
                            "",
                            Support.WORKS,
                            "Learners that the cluster may have.",
                            ""),
                    Flag.of(
                            "downgrade-check-time",
                            Section.FEATURES,
                            Type.DURATION,
                            "5s",
                            "",
                            Support.HARMLESS,
                            "Time between two looks at a downgrade.",
                            "There are no downgrades yet."),
                    Flag.of(
                            "snapshot-catchup-entries",
                            Section.FEATURES,
                            Type.UNSIGNED,
                            "5000",
                            "",
                            Support.WORKS,
                            "Log entries kept behind a checkpoint for slow members.",
                            ""),
                    Flag.of(
                            "force-new-cluster",
                            Section.UNSAFE,
                            Type.BOOL,
                            "false",
                            "",
                            Support.WORKS,
                            "Makes a cluster of one from the data of a member.",
                            ""),
                    Flag.of(
                            "unsafe-no-fsync",
                            Section.UNSAFE,
                            Type.BOOL,
                            "false",
                            "",
                            Support.HARMLESS,
                            "Lets acknowledged writes be lost for speed.",
                            "Nothing is made unsafe: this server forces all the same."));

    private FeatureFlags() {}
}
