package io.quorate.ctl;

import io.quorate.cli.Bytes;
import io.quorate.cli.Program;
import io.quorate.cli.Terminal;

import java.util.HashMap;
import java.util.Map;

/** {@code bin/etcdctl}. */
public final class Main {
    private Main() {}

    /** Runs one command and ends the process with its exit code. */
    public static void main(String[] args) {
        Program program = Etcdctl.program(Terminal.ofProcess(), environment());
        int code = program.run(Program.words(args));
        ClientThreads.awaitEnd();
        Runtime.getRuntime().halt(code);
    }

    /** The process's variables as byte strings. */
    static Map<String, String> environment() {
        Map<String, String> environment = new HashMap<>();
        for (Map.Entry<String, String> variable : System.getenv().entrySet()) {
            environment.put(variable.getKey(), Bytes.ofText(variable.getValue()));
        }
        return environment;
    }
}
