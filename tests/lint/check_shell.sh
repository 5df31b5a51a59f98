#!/usr/bin/env bash
# Every shell script of the project passes shellcheck.
set -euo pipefail
cd "$1"
mapfile -t files < <(grep -rlIE '^#!.*(bash|sh)$' scripts slurm docker .ci tests bench examples 2>/dev/null | sort -u)
shellcheck -x "${files[@]}"
