# Completion of @TOOL@ for bash: asks the tool what may come next.

__@TOOL@_complete() {
    local words=("${COMP_WORDS[@]:1:COMP_CWORD}") line directive=0
    local current=${COMP_WORDS[COMP_CWORD]}
    # Bash may split a word at "=" and ":"; put such words together again.
    local joined=() word
    for word in "${words[@]}"; do
        if [[ ${#joined[@]} -gt 0 && ( $word == [=:]* || ${joined[-1]} == *[=:] ) ]]; then
            joined[-1]+=$word
        else
            joined+=("$word")
        fi
    done
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ $line == :* ]]; then
            directive=${line#:}
        else
            line=${line%%$'\t'*}
            [[ $line == "${current#=}"* ]] && COMPREPLY+=("$(printf '%q' "$line")")
        fi
    done < <("${COMP_WORDS[0]}" __completeNoDesc "${joined[@]}" 2>/dev/null)
    if (( (directive & 4) == 0 && ${#COMPREPLY[@]} == 0 )); then
        compopt -o default 2>/dev/null
    fi
}

complete -F __@TOOL@_complete @TOOL@
