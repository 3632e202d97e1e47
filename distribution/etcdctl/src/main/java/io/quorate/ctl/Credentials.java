package io.quorate.ctl;

import io.quorate.api.client.ClientConfig;
import io.quorate.cli.Bytes;
import io.quorate.cli.Exit;
import io.quorate.cli.Terminal;

import java.io.Console;
import java.io.IOException;
import java.util.Optional;

/** User names and passwords, from flags or asked for (CT-13). */
final class Credentials {
    private Credentials() {}

    /**
     * What {@code --user} and {@code --password} say.
     *
     * @param user {@code name} or {@code name:password}; empty for nobody
     * @param password empty when {@code user} has it or it must be asked for
     */
    static Optional<ClientConfig.Credentials> of(
            String user, String password, String prompt, Terminal terminal) {
        if (user.isEmpty()) return Optional.empty();
        if (!password.isEmpty()) return Optional.of(credentials(user, password));
        int colon = user.indexOf(':');
        if (colon >= 0) {
            return Optional.of(credentials(user.substring(0, colon), user.substring(colon + 1)));
        }
        try {
            return Optional.of(credentials(user, ask(prompt, terminal)));
        } catch (IOException e) {
            throw new Exit(Exit.ERROR, String.valueOf(e.getMessage()));
        }
    }

    private static ClientConfig.Credentials credentials(String user, String password) {
        return new ClientConfig.Credentials(Bytes.toText(user), Bytes.toText(password));
    }

    /** Asks on the terminal without showing what is typed; reads a line where there is none. */
    static String ask(String prompt, Terminal terminal) throws IOException {
        terminal.print(prompt);
        terminal.flush();
        Console console = System.console();
        if (console != null && console.isTerminal()) {
            char[] typed = console.readPassword();
            if (typed == null) throw new IOException("EOF");
            return Bytes.ofText(new String(typed));
        }
        String line = terminal.readLine().orElse("");
        terminal.line("");
        return line;
    }

    /** A new password, typed twice. */
    static String askNew(String user, Terminal terminal) {
        try {
            String first = ask("Password of " + user + ": ", terminal);
            if (first.isEmpty()) throw Exit.badArguments("empty password");
            String again = ask("Type password of " + user + " again for confirmation: ", terminal);
            if (!first.equals(again)) throw Exit.badArguments("given passwords are different");
            return first;
        } catch (IOException e) {
            throw Exit.badArguments("failed to ask password: " + e.getMessage());
        }
    }
}
