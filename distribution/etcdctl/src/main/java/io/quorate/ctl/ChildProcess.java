package io.quorate.ctl;

import io.quorate.cli.Bytes;
import io.quorate.cli.GoText;

import java.io.File;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A command that etcdctl runs for the user, on the same terminal and without input. */
final class ChildProcess {
    private ChildProcess() {}

    /** A command that could not be run; the message is Go's. */
    static final class NotRun extends Exception {
        private static final long serialVersionUID = 1;

        NotRun(String message) {
            super(message, null, false, false);
        }
    }

    /**
     * Runs a command to its end.
     *
     * @param variables byte strings, added to the environment
     * @return its exit code
     */
    static int run(List<String> command, Map<String, String> variables) throws NotRun {
        String program = command.getFirst();
        if (!program.contains("/") && !onPath(program)) {
            throw new NotRun(
                    "exec: " + GoText.quote(program) + ": executable file not found in $PATH");
        }
        ProcessBuilder builder =
                new ProcessBuilder(command.stream().map(Bytes::toText).toList())
                        .redirectInput(new File("/dev/null"))
                        .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                        .redirectError(ProcessBuilder.Redirect.INHERIT);
        variables.forEach((name, value) -> builder.environment().put(name, Bytes.toText(value)));
        try {
            return builder.start().waitFor();
        } catch (IOException e) {
            throw new NotRun("fork/exec " + program + ": " + reason(e));
        } catch (InterruptedException e) {
            throw new NotRun("interrupted");
        }
    }

    private static boolean onPath(String program) {
        String path = System.getenv().getOrDefault("PATH", "");
        for (String folder : path.split(File.pathSeparator)) {
            File file = new File(folder.isEmpty() ? "." : folder, Bytes.toText(program));
            if (file.isFile() && file.canExecute()) return true;
        }
        return false;
    }

    /** Java's message ends with {@code error: 2 (No such file or directory)}, or with a comma. */
    private static String reason(IOException failure) {
        String message = String.valueOf(failure.getMessage()).strip();
        int bracket = message.lastIndexOf('(');
        if (bracket >= 0 && message.endsWith(")")) {
            return message.substring(bracket + 1, message.length() - 1).toLowerCase(Locale.ROOT);
        }
        int comma = message.lastIndexOf(", ");
        return (comma < 0 ? message : message.substring(comma + 2)).toLowerCase(Locale.ROOT);
    }
}
