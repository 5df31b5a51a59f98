#!/usr/bin/env bash
# Submits N worker jobs to Slurm.
#
#   slurm/submit-workers.sh N [SBATCH OPTIONS] [-- WORKER OPTIONS]
#   slurm/submit-workers.sh 20 --partition=short --time=04:00:00 -- --host head --pool default
set -euo pipefail

usage() {
    echo "usage: submit-workers.sh N [SBATCH OPTIONS] [-- WORKER OPTIONS]" >&2
    exit 2
}

[ $# -ge 1 ] || usage
n=$1
shift
[[ $n =~ ^[1-9][0-9]*$ ]] || usage
sbatch_options=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    sbatch_options+=("$1")
    shift
done
[ $# -eq 0 ] || shift # the --

command -v sbatch >/dev/null || {
    echo "submit-workers.sh: sbatch not found: run this where Slurm's commands are" >&2
    exit 1
}
script=$(dirname "$0")/worker.sbatch
for ((i = 1; i <= n; i++)); do
    sbatch "${sbatch_options[@]}" "$script" "$@"
done
