#!/usr/bin/env bash
# check_spelling.sh ROOT: documents and comments hold none of the usual misspellings.
set -euo pipefail

cd "$1"
command -v codespell >/dev/null || {
    echo "no codespell here"
    exit 77
}
# The tests misspell on purpose: what a program suggests instead is what they test.
codespell --quiet-level 2 README.md CHANGELOG.md CONTRIBUTING.md docs include src cli bench examples scripts slurm docker systemd
