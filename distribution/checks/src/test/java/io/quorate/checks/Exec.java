package io.quorate.checks;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs a command line tool to its end. */
final class Exec {
    /** {@code -Dexec.seconds}: more for long variants. */
    private static final int SECONDS_MAX = Integer.getInteger("exec.seconds", 120);

    private Exec() {}

    /** What a tool answered; bytes are read as ISO-8859-1, so that none is lost. */
    record Outcome(int exit, String out, String err) {}

    /**
     * Runs {@code command} with {@code stdin} as its whole input.
     *
     * @param environment put over the current environment, from which {@code ETCD*} is removed
     */
    static Outcome run(List<String> command, Map<String, String> environment, String stdin) {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(key -> key.startsWith("ETCD"));
        builder.environment().putAll(environment);
        try {
            Process process = builder.start();
            var out = drain(process.getInputStream());
            var err = drain(process.getErrorStream());
            try (OutputStream input = process.getOutputStream()) {
                input.write(stdin.getBytes(StandardCharsets.ISO_8859_1));
            } catch (IOException broken) {
                // A tool that refuses its command line ends without reading its input.
                if (process.waitFor(SECONDS_MAX, TimeUnit.SECONDS) && process.exitValue() == 0) {
                    throw broken;
                }
            }
            if (!process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("still running after " + SECONDS_MAX + " s: " + command);
            }
            return new Outcome(process.exitValue(), out.join(), err.join());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot run " + command, e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static CompletableFuture<String> drain(InputStream stream) {
        CompletableFuture<String> text = new CompletableFuture<>();
        Thread.ofVirtual()
                .start(() -> {
                    try (stream) {
                        text.complete(
                                new String(stream.readAllBytes(), StandardCharsets.ISO_8859_1));
                    } catch (IOException e) {
                        text.completeExceptionally(e);
                    }
                });
        return text;
    }
}
