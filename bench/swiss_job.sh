#!/usr/bin/env bash
# The whole Swiss job in one process (load, invert, 10,000 catalogues of 30 days, write), a number
# of times: minimum and median of the wall seconds. Needs the reference data beside the checkout.
#   bench/swiss_job.sh [RUNS] [PRESET]
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
runs=${1:-11}
etas=$root/build/${2:-release}/bin/etas
config=${ETAS_SHARED:-$root/../shared}/data/ch_forecast.json
reference_s=780 # the Python package, one process, extrapolated from 600 catalogues

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for ((i = 0; i < runs; i++)); do
    begin=$(date +%s%N)
    "$etas" forecast "$config" -n 10000 --seed 1 -o ch.csv --distribute serial --threads 1 --restart \
        --progress none >out 2>log
    echo $(($(date +%s%N) - begin))
done | sort -n | awk -v reference=$reference_s '
    { took[NR] = $1 / 1e9 }
    END {
        median = took[int((NR + 1) / 2)]
        printf "whole Swiss job: %.3f s at best, %.3f s median of %d; the reference: about %d s, %d times as long\n",
            took[1], median, NR, reference, reference / median
    }'
tail -n 1 log
