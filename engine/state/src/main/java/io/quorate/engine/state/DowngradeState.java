package io.quorate.engine.state;

import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.WriteBatch;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The downgrade that runs, if any. Changed by the apply thread, read by any thread. */
final class DowngradeState {
    private static final byte[] KEY = Meta.name("downgrade");
    private static final Pattern TARGET = Pattern.compile("\"target-version\":\"([0-9.]*)\"");
    private static final Pattern ENABLED = Pattern.compile("\"enabled\":true");

    private volatile DowngradeInfo info;

    DowngradeState(ReadView view) {
        byte[] row = view.get(Keyspaces.CLUSTER, KEY);
        info = row == null ? DowngradeInfo.NONE : read(new String(row, StandardCharsets.UTF_8));
    }

    DowngradeInfo info() {
        return info;
    }

    void apply(Command.Downgrade command, WriteBatch batch) {
        info =
                command.info().enabled()
                        ? new DowngradeInfo(true, command.info().targetVersion())
                        : DowngradeInfo.NONE;
        String json =
                "{\"target-version\":\"%s\",\"enabled\":%b}"
                        .formatted(info.targetVersion(), info.enabled());
        batch.put(Keyspaces.CLUSTER, KEY, json.getBytes(StandardCharsets.UTF_8));
    }

    private static DowngradeInfo read(String json) {
        Matcher target = TARGET.matcher(json);
        if (!ENABLED.matcher(json).find() || !target.find()) return DowngradeInfo.NONE;
        return new DowngradeInfo(true, target.group(1));
    }
}
