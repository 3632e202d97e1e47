package io.quorate.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;

/**
 * Standard input, output and error as byte strings. Output is collected until {@link #flush};
 * errors appear at once, after the output before them. Used by any thread.
 */
public final class Terminal {
    private static final int COLLECT_BYTES_MAX = 1 << 16;

    private final InputStream in;
    private final OutputStream out;
    private final OutputStream err;
    private final ByteArrayOutputStream collected = new ByteArrayOutputStream();

    /** A terminal on these streams, which stay open. */
    public Terminal(InputStream in, OutputStream out, OutputStream err) {
        this.in = new BufferedInputStream(in);
        this.out = out;
        this.err = err;
    }

    /** The process's own streams, without the decoding that {@code System.in} and its like do. */
    public static Terminal ofProcess() {
        return new Terminal(
                new FileInputStream(FileDescriptor.in),
                new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err));
    }

    /** Prints to standard output. */
    public synchronized void print(String bytes) {
        collected.writeBytes(Bytes.toArray(bytes));
        if (collected.size() > COLLECT_BYTES_MAX) flush();
    }

    /** Prints a line to standard output. */
    public synchronized void line(String bytes) {
        print(bytes);
        print("\n");
    }

    /** Prints bytes to standard output. */
    public synchronized void print(byte[] bytes) {
        collected.writeBytes(bytes);
        if (collected.size() > COLLECT_BYTES_MAX) flush();
    }

    /** Prints a line to standard error. */
    public synchronized void error(String bytes) {
        flush();
        write(err, Bytes.toArray(bytes + "\n"));
    }

    /** Prints to standard error without an end of line. */
    public synchronized void progress(String bytes) {
        write(err, Bytes.toArray(bytes));
    }

    /** Writes out what was printed so far. */
    public synchronized void flush() {
        if (collected.size() == 0) return;
        byte[] bytes = collected.toByteArray();
        collected.reset();
        write(out, bytes);
    }

    private static void write(OutputStream stream, byte[] bytes) {
        try {
            stream.write(bytes);
        } catch (IOException e) {
            // The reader of a pipe went away: nobody is left to tell.
            throw Exit.silently(Exit.ERROR);
        }
    }

    /** All of standard input that is left. */
    public String readAll() throws IOException {
        return Bytes.of(in.readAllBytes());
    }

    /** The next line without its end; empty when the input ended before a line's end. */
    public Optional<String> readLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int c = in.read(); c >= 0; c = in.read()) {
            if (c == '\n') return Optional.of(Bytes.of(line.toByteArray()));
            line.write(c);
        }
        return Optional.empty();
    }
}
