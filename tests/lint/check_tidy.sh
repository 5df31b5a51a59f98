#!/usr/bin/env bash
# usage: check_tidy.sh ROOT BUILD_DIR [NAME...]
# clang-tidy 14 finds nothing in the C files of the project; with NAMEs (parts of paths), in those only.
# BUILD_DIR is a configured build tree. Each file is read once: kernels that are built for several
# instruction sets in their first variant, the scalar one.
set -euo pipefail
root=$(realpath "$1")
build=$(realpath "$2")
shift 2
clang-tidy --version | grep -q 'version 14\.' || echo "warning: the reference is clang-tidy 14"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
jq --arg root "$root/" --arg build "$build/" \
    '[group_by(.file)[][0] | select((.file | startswith($root)) and (.file | startswith($build) | not))]' \
    "$build/compile_commands.json" >"$scratch/compile_commands.json"
mapfile -t files < <(jq -r '.[].file' "$scratch/compile_commands.json" | grep -F "$(printf '%s\n' "${@:-/}")")
[ "${#files[@]}" -gt 0 ]

printf '%s\0' "${files[@]}" |
    xargs -0 -P 2 -n 4 clang-tidy -p "$scratch" --quiet --extra-arg=-Wno-unknown-warning-option 2>"$scratch/talk" || {
    grep -v 'warnings generated' "$scratch/talk" || true
    echo "clang-tidy has findings"
    exit 1
}
echo "clang-tidy: ${#files[@]} files, no findings"
