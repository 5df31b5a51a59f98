#!/usr/bin/env bash
# Both estimators on catalogues that the example's model made: what each returns on average.
#   bench/estimators.sh [CATALOGUES] [PRESET]
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
n=${1:-20}
etas=$root/build/${2:-release}/bin/etas
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cp "$root/examples/region.json" .

for ((seed = 1; seed <= n; seed++)); do
    "$etas" simulate "$root/examples/simulate.json" --seed $seed -o catalog.csv --format reference --restart \
        --discard-store >/dev/null 2>&1
    for estimator in reference mle; do
        sed "s/\"mle\"/\"$estimator\"/" "$root/examples/forecast.json" >config.json
        "$etas" invert config.json -o out 2>/dev/null | awk -v e=$estimator '{ print e, $1, $2 }'
    done
done | awk '
    $3 + 0 == $3 { key = $1 " " $2; n[key]++; s[key] += $3; q[key] += $3 * $3; if (!($2 in seen)) { seen[$2]; order[++m] = $2 } }
    END {
        printf "%-16s %22s %22s\n", "", "reference", "mle"
        for (i = 1; i <= m; i++) {
            printf "%-16s", order[i]
            split("reference mle", both, " ")
            for (e = 1; e <= 2; e++) {
                key = both[e] " " order[i]
                if (n[key] < 2) { printf " %22s", "-"; continue }
                mean = s[key] / n[key]
                printf " %12.4f +- %6.4f", mean, sqrt((q[key] / n[key] - mean * mean) / (n[key] - 1))
            }
            print ""
        }
    }'
