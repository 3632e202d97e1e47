package io.quorate.launcher;

/**
 * Sends every {@link System.Logger} of the process to {@link Log}. Found by the JDK as a service;
 * {@code java.util.logging} is thus not started for our own lines, and its shutdown hook cannot cut
 * off the last of them.
 */
public final class JsonLoggerFinder extends System.LoggerFinder {
    @Override
    public System.Logger getLogger(String name, Module module) {
        return new JsonLogger(name, Log.process());
    }
}
