package io.quorate.utl;

import io.quorate.cli.Command;
import io.quorate.cli.CompletionScript;

/** {@code completion} (UT-09): scripts that ask the tool itself what may come next. */
final class CompletionCommand {
    private CompletionCommand() {}

    static Command command() {
        return Command.leaf(
                        "completion [bash|zsh|fish|powershell]",
                        "Generate completion script",
                        call ->
                                call.terminal()
                                        .print(
                                                CompletionScript.of(
                                                        call.arguments().getFirst(), "etcdutl")))
                .withChoices("bash", "zsh", "fish", "powershell");
    }
}
