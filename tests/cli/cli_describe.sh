#!/usr/bin/env bash
# What the shells complete and what the manual pages say is what the programs understand: every
# option of every command's --help is in both, and bash and zsh offer it.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"
source=$ETAS_SOURCE

# list_commands PROGRAM: itself, or its commands to the last level, one a line.
list_commands() {
    local kind name below
    below=$("$@" --complete)
    if ! grep -q '^command' <<<"$below"; then
        echo "$*"
        return
    fi
    while IFS=$'\t' read -r kind name _; do
        [ "$kind" != command ] || list_commands "$@" "$name"
    done <<<"$below"
}

for program in etas etas-redis-worker etas-redis-manager; do
    list_commands "$program"
done >commands
[ "$(wc -l <commands)" -ge 12 ] || fail "only $(cat commands)"
etas --help | sed -n 's/^  \([a-z-]*\)  .*/\1/p' | while read -r name; do
    grep -qE "^etas $name( |$)" commands || [ "$name" = version ] || fail "etas $name is not described"
done

# Bash, with the words of a command line; what it offers goes to stdout.
# shellcheck source=cli/completions/etas.bash
. "$source/cli/completions/etas.bash"
offer() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _etas "$1" "${COMP_WORDS[COMP_CWORD]}" ""
    printf '%s\n' "${COMPREPLY[@]}"
}

# Zsh, whose own functions are replaced by such as print what they are given.
cat >zsh_offer <<'END'
typeset -a words=("$@")
typeset -i CURRENT=$#
typeset PREFIX=${words[CURRENT]}
_describe() { local -a all=("${(@P)3}"); print -l -- ${(M)${all%%:*}:#${PREFIX}*} }
_files() { print -- "files $*" }
_message() { print -- "message $*" }
compadd() { shift; print -l -- ${(M)@:#${PREFIX}*} }
compset() { PREFIX=${PREFIX#*=} }
. $ETAS_SOURCE/cli/completions/_etas
END
zsh_offer() {
    zsh -f zsh_offer "$@"
}
if ! command -v zsh >/dev/null; then
    [ -z "${ETAS_SKIPS_AS_FAILS:-}" ] || fail "zsh is not installed"
    echo "zsh is not installed: bash alone"
    zsh_offer() { offer "$@"; }
fi

shows "every option of every command's --help is offered by bash and zsh, and in the manual pages"
while read -r -a command; do
    "${command[@]}" --help | sed -n '/^options:/,$p' |
        grep -oE '^(  -[a-zA-Z], |      )--[a-z0-9-]+' | grep -oE -- '--?[a-zA-Z0-9][a-z0-9-]*' | sort -u >options
    [ "$(wc -l <options)" -ge 2 ] || fail "${command[*]} --help has no options"
    offer "${command[@]}" - | sort -u >offered
    diff options offered || fail "${command[*]}: in --help (<) and offered by bash (>)"
    zsh_offer "${command[@]}" - | sort -u >offered
    diff options offered || fail "${command[*]}: in --help (<) and offered by zsh (>)"
    "${command[@]}" --man >section
    while read -r option; do
        grep -qF -- "\\fB${option//-/\\-}\\fR" section || fail "${command[*]} --man lacks $option"
    done <options
done <commands

shows "values, files and commands are offered too"
touch a.json
mkdir folder
for shell in offer zsh_offer; do
    [ "$("$shell" etas forecast x.json --kernels "" | xargs)" = "scalar avx2 avx512" ] || fail "$shell: kernels"
    "$shell" etas forecast x.json --format "" | grep -xF grid-csv >/dev/null || fail "$shell: formats, a list over two lines"
    "$shell" etas "" | grep -xF forecast >/dev/null || fail "$shell: commands"
    "$shell" etas catalog "" | grep -xF convert >/dev/null || fail "$shell: commands of commands"
    "$shell" etas-redis-manager "" | grep -xF reset-workers >/dev/null || fail "$shell: commands of the manager"
done
[ "$(offer etas forecast a | xargs)" = a.json ] || fail "an operand"
[ "$(offer etas invert a.json -o f | xargs)" = folder ] || fail "a directory"
[ "$(offer etas forecast a.json --progress = b | xargs)" = bar ] || fail "a value behind ="
[ -z "$(offer etas forecast a.json -n "" | xargs)" ] || fail "a number is not guessed"
[ "$(zsh_offer etas forecast --progress=b | tail -n 1)" = bar ] || fail "zsh: a value behind ="

shows "the manual pages have every command and no warnings"
for program in etas etas-redis-worker etas-redis-manager; do
    bash "$source/cli/man_page.sh" "$program" "$source/docs/man/$program.1" >"$program.1"
    if command -v groff >/dev/null; then
        [ -z "$(groff -man -ww -Tutf8 -z "$program.1" 2>&1)" ] || fail "$program.1: $(groff -man -ww -Tutf8 -z "$program.1" 2>&1 | head -n 3)"
    else
        [ -z "${ETAS_SKIPS_AS_FAILS:-}" ] || fail "groff is not installed"
    fi
    head -n 1 "$program.1" | grep -qF "\"etas $(etas --version | sed -n '1s/etas //p')\"" || fail "$program.1 is of another release"
done
while read -r program words; do
    [ -z "$words" ] || grep -qE "^\.(BI|B) \"?${words//-/\\\\-}( |\"|$)" "$source/docs/man/$program.1" ||
        fail "$program.1 does not say what \"$words\" does"
done <commands
etas-redis-manager --complete | awk '$1 == "word" { print $2 }' | while read -r word; do
    grep -qE "^\.(B|BR) (.*[ \"])?${word//-/\\\\?-}( |\"|$)" "$source/docs/man/etas-redis-manager.1" || fail "etas-redis-manager.1 does not say what \"$word\" does"
done
done_testing
