package io.quorate.ctl;

import io.quorate.api.proto.EtcdRelease;
import io.quorate.cli.Command;
import io.quorate.cli.CompletionScript;
import io.quorate.cli.Flag;
import io.quorate.cli.Program;

import java.util.ArrayList;
import java.util.List;

/** {@code version}, {@code options}, {@code completion} (CT-59, CT-60). */
final class UtilityCommands {
    private static final String VERSION = EtcdRelease.VERSION;
    private static final String API_VERSION = VERSION.substring(0, VERSION.lastIndexOf('.'));
    private static final String COMPLETION_DESCRIPTION =
            """
            To load completions:

            Bash:

              $ source <(etcdctl completion bash)

              # To load completions for each session, execute once:
              # Linux:
              $ etcdctl completion bash > /etc/bash_completion.d/etcdctl
              # macOS:
              $ etcdctl completion bash > /usr/local/etc/bash_completion.d/etcdctl

            Zsh:

              # If shell completion is not already enabled in your environment,
              # you will need to enable it.  You can execute the following once:

              $ echo "autoload -U compinit; compinit" >> ~/.zshrc

              # To load completions for each session, execute once:
              $ etcdctl completion zsh > "${fpath[1]}/_etcdctl"

              # You will need to start a new shell for this setup to take effect.

            fish:

              $ etcdctl completion fish | source

              # To load completions for each session, execute once:
              $ etcdctl completion fish > ~/.config/fish/completions/etcdctl.fish

            PowerShell:

              PS> etcdctl completion powershell | Out-String | Invoke-Expression

              # To load completions for every new session, run:
              PS> etcdctl completion powershell > etcdctl.ps1
              # and source this file from your PowerShell profile.
            """;

    private UtilityCommands() {}

    static Command version() {
        return Command.leaf(
                "version",
                "Prints the version of etcdctl",
                call -> {
                    call.terminal().line("etcdctl version: " + VERSION);
                    call.terminal().line("API version: " + API_VERSION);
                });
    }

    static Command options() {
        return Command.leaf(
                "options",
                "Show the global command-line flags",
                call -> {
                    List<Flag> shown = new ArrayList<>();
                    for (Flag flag : GlobalFlags.ALL) shown.add(flag.withHidden(false));
                    call.terminal()
                            .print("The following options can be passed to any command:\n\n");
                    call.terminal().print(Program.flagUsages(shown));
                });
    }

    static Command completion() {
        return Command.leaf(
                        "completion [bash|zsh|fish|powershell]",
                        "Generate completion script",
                        call ->
                                call.terminal()
                                        .print(
                                                CompletionScript.of(
                                                        call.arguments().getFirst(), "etcdctl")))
                .withDescription(COMPLETION_DESCRIPTION)
                .withChoices("bash", "zsh", "fish", "powershell");
    }
}
