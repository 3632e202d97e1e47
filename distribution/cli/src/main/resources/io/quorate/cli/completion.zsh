#compdef @TOOL@
# Completion of @TOOL@ for zsh: asks the tool what may come next.

_@TOOL@() {
    local line directive=0 name description
    local -a candidates
    while IFS= read -r line; do
        if [[ $line == :* ]]; then
            directive=${line#:}
            continue
        fi
        name=${line%%$'\t'*}
        description=${line#"$name"}
        candidates+=("${name//:/\\:}:${description#$'\t'}")
    done < <("${words[1]}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)
    if (( ${#candidates} )); then
        _describe -V '@TOOL@' candidates && return
    fi
    if (( (directive & 4) == 0 )); then
        _files
    fi
}

if [[ ${funcstack[1]} == _@TOOL@ ]]; then
    _@TOOL@ "$@"
else
    compdef _@TOOL@ @TOOL@
fi
