#compdef reftrack
# Completion of reftrack in zsh, as `reftrack completion zsh` prints it.
_reftrack() {
    local line kind value told program=${(Q)words[1]}
    local -a parts plain described stems
    program=${program/#\~\//$HOME/}
    for line in "${(@f)$(_REFTRACK_COMPLETE=zsh_complete _REFTRACK_LINE="${(j: :)words[1,CURRENT-1]} $PREFIX" \
        $program 2>/dev/null </dev/null)}"; do
        parts=("${(@ps:\t:)line}")
        kind=$parts[1] value=$parts[2] told=$parts[3]
        case $kind in
            plain) if [[ -n $told ]]; then described+=("${value//:/\\:}:$told"); else plain+=("$value"); fi ;;
            stem) stems+=("$value") ;;
            file) _path_files -f ;;
            dir) _path_files -/ ;;
        esac
    done
    (( $#described )) && _describe -V reftrack described -U
    (( $#plain )) && compadd -U -V reftrack -a plain
    (( $#stems )) && compadd -U -S '' -V reftrack -a stems
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _reftrack "$@"  # out of a folder of $fpath
else
    compdef _reftrack reftrack
fi
