# Completion of @TOOL@ for fish: asks the tool what may come next.

function __@TOOL@_candidates
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answer ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
    for line in $answer
        string match -q ':*' -- $line; or echo $line
    end
    set -l directive (string replace ':' '' -- $answer[-1])
    if test (count $answer) -le 1; and test "$directive" != 4
        __fish_complete_path "$current"
    end
end

complete -c @TOOL@ -e
complete -c @TOOL@ -f -a '(__@TOOL@_candidates)'
