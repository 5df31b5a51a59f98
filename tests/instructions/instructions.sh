#!/usr/bin/env bash
# instructions.sh BIN SOURCE [--update]: what the main jobs cost, in instructions counted by callgrind, against the figures of the last time
# somebody looked (baseline.txt). Unlike seconds they hardly depend on the machine or on what else it does.
set -euo pipefail

bin=$1
source=$2
here=$source/tests/instructions
tolerance=4 # percent: the C library picks its own variants by processor
command -v valgrind >/dev/null || {
    echo "no valgrind here"
    exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$source"/examples/{catalog.csv,region.json,forecast.json,simulate.json} "$work"
cd "$work"

count() {
    local name=$1

    shift
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bin/etas" "$@" >out 2>err || {
        cat err
        exit 1
    }
    echo "$name $(sed -n 's/^==.*Collected : //p' err)" >>counts
}

local_run=(--seed 1 --distribute serial --progress none)
"$bin/etas" forecast forecast.json -n 20000 "${local_run[@]}" -o run.csv 2>/dev/null >&2
count load-catalogue catalog convert catalog.csv -o e.csv
count simulate-scalar simulate simulate.json -n 1 "${local_run[@]}" --kernels scalar -o a.csv --discard-store
count invert-scalar invert forecast.json --threads 1 --kernels scalar --progress none -o a
count export-csv export run.csv.store -o b.csv --progress none
count export-summary export run.csv.store -o b.json --progress none
if grep -qw avx2 /proc/cpuinfo; then
    count simulate-avx2 simulate simulate.json -n 1 "${local_run[@]}" --kernels avx2 -o c.csv --discard-store
    count invert-avx2 invert forecast.json --threads 1 --kernels avx2 --progress none -o c
    count forecast-avx2 forecast forecast.json -n 2000 "${local_run[@]}" --kernels avx2 -o d.csv
fi
if [ "${3:-}" = --update ]; then
    cp counts "$here/baseline.txt"
fi
awk -v tolerance="$tolerance" '
    FNR == NR { was[$1] = $2; next }
    !($1 in was) { print $1 ": not in baseline.txt"; bad = 1; next }
    {
        change = 100 * ($2 / was[$1] - 1)
        printf "%-16s %14.0f  %+6.2f %%\n", $1, $2, change
        if (change > tolerance) bad = 1
        if (change < -tolerance) better = 1
    }
    END {
        if (bad) print "dearer than baseline.txt by more than " tolerance " %: make it cheaper, or say why and use --update"
        else if (better) print "cheaper: keep it so with --update"
        exit bad
    }' "$here/baseline.txt" counts
