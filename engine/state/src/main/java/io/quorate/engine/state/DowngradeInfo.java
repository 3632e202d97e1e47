package io.quorate.engine.state;

/**
 * Whether the cluster is on its way to an older release (MA-20).
 *
 * @param enabled whether a downgrade runs
 * @param targetVersion such as {@code 3.6.0}; empty when none runs
 */
public record DowngradeInfo(boolean enabled, String targetVersion) {
    public static final DowngradeInfo NONE = new DowngradeInfo(false, "");
}
