#!/usr/bin/env bash
# check_reference.sh ROOT: the API reference can be made, and every function and type of the public headers says what it is.
set -euo pipefail

cd "$1"
command -v doxygen >/dev/null || {
    echo "no doxygen here"
    exit 77
}
output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT
doxygen <(cat docs/Doxyfile && echo "OUTPUT_DIRECTORY = $output") 2>"$output/warnings"
# What ends a thing's life does so, and is idempotent: the header says it of the thing.
if grep -Ev '\((variable|macro definition|enumeration value)\) of (struct|class|union|file)|_(free|close)\(.*\(function\)' "$output/warnings"; then
    exit 1
fi
[ -e "$output/html/index.html" ] || {
    echo "doxygen made no reference"
    exit 1
}
