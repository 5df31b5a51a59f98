#!/usr/bin/env bash
# The example's region, with edges: how often the truth lies within 1.96 standard errors there.
#   bench/coverage.sh [CATALOGUES] [PRESET]      (bench_coverage does the same without edges)
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
n=${1:-40}
etas=$root/build/${2:-release}/bin/etas
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cp "$root/examples/region.json" .

for ((seed = 1; seed <= n; seed++)); do
    "$etas" simulate "$root/examples/simulate.json" --seed $seed -o catalog.csv --format reference --restart \
        --discard-store >/dev/null 2>&1
    "$etas" invert "$root/examples/forecast.json" -o out >/dev/null 2>&1
    jq -r --slurpfile truth "$root/examples/simulate.json" '. as $r | $truth[0].parameters | to_entries[]
        | [.key, .value, $r.final_parameters[.key], $r.standard_errors[.key]] | @tsv' out/parameters_example.json
done | awk -F'\t' '
    $4 != "" {
        if (!($1 in n)) order[++m] = $1
        z = ($3 - $2) / $4; truth[$1] = $2
        n[$1]++; bias[$1] += $3 - $2; error[$1] += $4; sum[$1] += z; squares[$1] += z * z; within[$1] += z * z <= 1.959963984540054 ^ 2
    }
    END {
        printf "%-16s %10s %10s %10s %7s %7s %9s\n", "", "truth", "bias", "std.error", "mean z", "std z", "within"
        for (i = 1; i <= m; i++) {
            k = order[i]; mean = sum[k] / n[k]
            printf "%-16s %10.4f %10.4f %10.4f %7.2f %7.2f %4d/%d\n", k, truth[k], bias[k] / n[k], error[k] / n[k], mean,
                sqrt(squares[k] / n[k] - mean * mean), within[k], n[k]
        }
    }'
