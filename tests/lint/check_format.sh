#!/usr/bin/env bash
# Every C file is as clang-format 14 writes it, and stays under 500 lines.
set -euo pipefail
cd "$1"
bad=0
clang-format --version | grep -q 'version 14\.' || echo "warning: the reference is clang-format 14"
mapfile -t files < <(find include src cli tests bench -name '*.[ch]' | sort)
clang-format --dry-run -Werror "${files[@]}" || bad=1
for file in "${files[@]}"; do
    lines=$(wc -l <"$file")
    if [ "$lines" -gt 500 ]; then
        echo "$file: $lines lines, at most 500"
        bad=1
    fi
done
exit $bad
