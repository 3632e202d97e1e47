package io.quorate.utl;

import io.quorate.cli.Exit;
import io.quorate.engine.server.ConfigException;
import io.quorate.engine.state.EtcdException;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** What goes wrong offline, as the messages and exit codes of the tool. */
final class Failures {
    private Failures() {}

    /** Work on files. */
    interface Work {
        void run() throws IOException;
    }

    /** Does the work; what is wrong with files, stores and requests ends the tool with code 1. */
    static void told(Work work) {
        told("stat", work);
    }

    /**
     * As {@link #told(Work)}.
     *
     * @param first call of the system that etcd makes for the file, which names it when it fails
     */
    static void told(String first, Work work) {
        try {
            work.run();
        } catch (IOException | UncheckedIOException e) {
            throw Etcdutl.failure(reason(e, first));
        } catch (EtcdException e) {
            throw Etcdutl.failure(e.error().text().replaceFirst("^etcdserver: ", ""));
        } catch (StorageException | ConfigException e) {
            throw Etcdutl.failure(e.getMessage());
        }
    }

    /** As {@link #told(Work)}, with words around the message. */
    static void told(String before, String after, Work work) {
        try {
            told(work);
        } catch (Exit e) {
            throw new Exit(e.code(), before + e.getMessage() + after);
        }
    }

    private static String reason(Exception failure, String first) {
        return switch (failure) {
            case NoSuchFileException e -> first + " " + e.getFile() + ": no such file or directory";
            case AccessDeniedException e -> "open " + e.getFile() + ": permission denied";
            case FileSystemException e when e.getReason() != null ->
                    e.getFile() + ": " + e.getReason();
            default -> failure.getMessage() == null ? failure.toString() : failure.getMessage();
        };
    }
}
