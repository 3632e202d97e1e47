package io.quorate.launcher;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What the system says about files, in the words of Go's {@code os} package. */
final class Files {
    private Files() {}

    /** {@code open /etc/x: no such file or directory}. */
    static String why(String operation, Path path, IOException failure) {
        return operation + " " + path + ": " + reason(path, failure);
    }

    private static String reason(Path path, IOException failure) {
        if (failure instanceof NoSuchFileException) return "no such file or directory";
        if (failure instanceof AccessDeniedException) return "permission denied";
        String message = String.valueOf(failure.getMessage());
        if (java.nio.file.Files.isDirectory(path)) return "is a directory";
        int open = message.lastIndexOf('(');
        if (failure instanceof FileNotFoundException && open > 0 && message.endsWith(")")) {
            String reason = message.substring(open + 1, message.length() - 1);
            return reason.substring(0, 1).toLowerCase(java.util.Locale.ROOT) + reason.substring(1);
        }
        return message;
    }
}
