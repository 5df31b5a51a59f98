#!/usr/bin/env bash
# Prints a manual page: the text that people wrote, and at the line `.\" OPTIONS` the options of the
# program and of its commands, as they parse them.
#   man_page.sh PROGRAM PAGE
set -euo pipefail
program=$1
page=$2

# describe COMMAND...: its own options, or those of its commands.
describe() {
    local kind name commands

    commands=$("$@" --complete)
    if ! grep -q '^command' <<<"$commands"; then
        "$@" --man
        return
    fi
    while IFS=$'\t' read -r kind name _; do
        [ "$kind" != command ] || describe "$@" "$name"
    done <<<"$commands"
}

grep -qxF '.\" OPTIONS' "$page" || {
    echo "$page has no line .\\\" OPTIONS" >&2
    exit 1
}
options=$(describe "$program")
while IFS= read -r line; do
    if [ "$line" = '.\" OPTIONS' ]; then
        printf '.SH OPTIONS\n%s\n' "$options"
    else
        printf '%s\n' "$line"
    fi
done <"$page"
