# Completion of reftrack in bash 4.4 or newer, as `reftrack completion bash` prints it.
_reftrack() {
    local kind value word head="" program="$1"
    COMPREPLY=()
    [[ $program == "~/"* ]] && program="$HOME/${program:2}"
    while IFS=$'\t' read -r kind value; do
        case $kind in
            word)
                # Readline replaces what stands behind the last : or =, if those part words.
                word=$value
                [[ $COMP_WORDBREAKS == *:* && $word == *:* ]] && head=${word%"${word##*:}"}
                word=${word#"$head"}
                [[ $COMP_WORDBREAKS == *=* && $word == *=* ]] && head+=${word%"${word##*=}"}
                ;;
            plain) COMPREPLY+=("${value#"$head"}") ;;
            stem) COMPREPLY+=("${value#"$head"}"); compopt -o nospace 2>/dev/null ;;
            file) compopt -o default 2>/dev/null ;;
            dir) compopt -o dirnames 2>/dev/null ;;
        esac
    done < <(_REFTRACK_COMPLETE=bash_complete _REFTRACK_LINE="${COMP_LINE:0:COMP_POINT}" "$program" 2>/dev/null </dev/null)
}
complete -o nosort -F _reftrack reftrack 2>/dev/null || complete -F _reftrack reftrack
