package io.quorate.utl;

import io.quorate.cli.Command;
import io.quorate.cli.Invocation;

/** {@code completion} (UT-09): scripts that ask the tool itself what may come next. */
final class CompletionCommand {
    private CompletionCommand() {}

    static Command command() {
        return Command.leaf(
                        "completion [bash|zsh|fish|powershell]",
                        "Generate completion script",
                        CompletionCommand::print)
                .withChoices("bash", "zsh", "fish", "powershell");
    }

    private static void print(Invocation call) {
        String script =
                switch (call.arguments().getFirst()) {
                    case "bash" -> BASH;
                    case "zsh" -> ZSH;
                    case "fish" -> FISH;
                    default -> POWERSHELL;
                };
        call.terminal().print(script);
    }

    private static final String BASH =
            """
            # bash completion for etcdutl
            __etcdutl_complete() {
              local line answers=() directive=0
              while IFS= read -r line; do
                case $line in
                  :[0-9]*) directive=${line#:} ;;
                  *) answers+=("${line%%$'\\t'*}") ;;
                esac
              done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
              COMPREPLY=($(compgen -W "${answers[*]}" -- "${COMP_WORDS[COMP_CWORD]}"))
              if [ ${#COMPREPLY[@]} -eq 0 ] && [ "$directive" = 0 ]; then
                COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
              fi
            }
            complete -F __etcdutl_complete etcdutl
            """;

    private static final String ZSH =
            """
            #compdef etcdutl
            compdef _etcdutl etcdutl
            _etcdutl() {
              local line directive=0
              local -a answers
              for line in "${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
                case $line in
                  :<->) directive=${line#:} ;;
                  *$'\\t'*) answers+=("${line%%$'\\t'*}:${line#*$'\\t'}") ;;
                  ?*) answers+=("$line") ;;
                esac
              done
              _describe 'etcdutl' answers || { [ "$directive" = 0 ] && _files }
            }
            [ "$funcstack[1]" = "_etcdutl" ] && _etcdutl
            """;

    private static final String FISH =
            """
            # fish completion for etcdutl
            function __etcdutl_complete
              set -l words (commandline -opc)
              set -l typed (commandline -ct)
              $words[1] __complete $words[2..-1] "$typed" 2>/dev/null | string match -v -r '^:[0-9]+$'
            end
            complete -c etcdutl -f -a '(__etcdutl_complete)'
            complete -c etcdutl -n 'test (count (__etcdutl_complete)) -eq 0' -F
            """;

    private static final String POWERSHELL =
            """
            # PowerShell completion for etcdutl
            Register-ArgumentCompleter -CommandName 'etcdutl' -Native -ScriptBlock {
                param($typed, $line, $cursor)
                $words = @($line.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
                if ($typed -eq '') { $words += '' }
                & etcdutl __complete @words 2>$null | Where-Object { $_ -notmatch '^:\\d+$' } | ForEach-Object {
                    $parts = $_ -split "`t", 2
                    $about = if ($parts.Count -gt 1) { $parts[1] } else { $parts[0] }
                    [System.Management.Automation.CompletionResult]::new($parts[0], $parts[0], 'ParameterValue', $about)
                }
            }
            """;
}
