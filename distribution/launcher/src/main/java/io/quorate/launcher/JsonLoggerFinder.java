package io.quorate.launcher;

/**
 * Sends every {@link System.Logger} of the process to {@link Log}. Found by the JDK as a service;
 * {@code java.util.logging} is thus not started for our own lines, and its shutdown hook cannot cut
 * off the last of them.
 *
 * <p>The JDK finds it in the other tools of the tarball too, whose modules lie in the same folder.
 * They tell their users what they do themselves; of the libraries only warnings are shown there.
 */
public final class JsonLoggerFinder extends System.LoggerFinder {
    private static final boolean MEMBER =
            System.getProperty("jdk.module.main", "io.quorate.launcher")
                    .equals("io.quorate.launcher");

    @Override
    public System.Logger getLogger(String name, Module module) {
        return MEMBER ? new JsonLogger(name, Log.process()) : new ToolLogger(name);
    }
}
