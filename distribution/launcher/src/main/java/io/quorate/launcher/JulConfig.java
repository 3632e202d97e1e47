package io.quorate.launcher;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.logging.LogManager;

/**
 * The configuration of {@code java.util.logging}, to which some libraries write: everything goes to
 * {@link JulBridge}. The log manager makes one when it starts, by the name in a system property; so
 * a process whose libraries log nothing never starts it.
 */
public final class JulConfig {
    /** Called by the log manager, instead of reading its configuration file. */
    public JulConfig() throws IOException {
        String level = Log.process().enabled(Log.Level.DEBUG) ? "FINE" : "WARNING";
        String text = "handlers=" + JulBridge.class.getName() + "\n.level=" + level + "\n";
        InputStream input = new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1));
        LogManager.getLogManager().readConfiguration(input);
    }

    /** To be called before anything logs. */
    static void install() {
        System.setProperty("java.util.logging.config.class", JulConfig.class.getName());
    }
}
