# bash completion for etas, etas-redis-worker and etas-redis-manager. The programs tell themselves
# what they understand (PROGRAM [COMMAND] --complete), so this file has no list of its own.
# shellcheck shell=bash

_etas() {
    local word previous kind name values type lines i
    local -a command=("$1") words=()

    COMPREPLY=()
    word=${COMP_WORDS[COMP_CWORD]}
    previous=${COMP_WORDS[COMP_CWORD - 1]}
    # "--option=value" comes as three words.
    if [ "$word" = = ]; then
        word=""
    elif [ "$previous" = = ] && [ "$COMP_CWORD" -ge 2 ]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi

    lines=$("${command[@]}" --complete 2>/dev/null) || return
    for ((i = 1; i < COMP_CWORD; i++)); do
        grep -q "^command	${COMP_WORDS[i]}	" <<<"$lines" || break
        command+=("${COMP_WORDS[i]}")
        lines=$("${command[@]}" --complete 2>/dev/null) || return
    done

    while IFS=$'\t' read -r kind name type values _; do
        if [ "$kind" = option ] && [ "$name" = "$previous" ]; then
            case $type in
            flag) break ;;
            file) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
            directory) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
            words) mapfile -t COMPREPLY < <(compgen -W "$values" -- "$word") ;;
            esac
            [ "$type" = words ] || compopt -o filenames 2>/dev/null
            return
        fi
    done <<<"$lines"

    while IFS=$'\t' read -r kind name _; do
        case $kind:$word in
        option:-*) words+=("$name") ;;
        command:* | word:*) words+=("$name") ;;
        operand:-*) ;;
        operand:*)
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            compopt -o filenames 2>/dev/null
            ;;
        esac
    done <<<"$lines"
    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "${words[*]}" -- "$word")
}

complete -F _etas etas etas-redis-worker etas-redis-manager
