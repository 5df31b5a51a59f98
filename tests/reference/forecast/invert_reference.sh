#!/usr/bin/env bash
# etas invert on the reference's own configurations: counts, beta, area and the fixed point.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

if [ ! -r "$ETAS_SHARED/vectors/exact_em_b.json" ]; then
    echo "no reference numbers at $ETAS_SHARED: skipped"
    exit 77
fi

# case CONFIG ID LETTER
compare() {
    local config=$1 id=$2 letter=$3 file

    expect 0 etas invert "$ETAS_SHARED/data/$config" -o out
    cp stderr "$letter.log"
    file=out/parameters_$id.json
    # NaN is no JSON: the vectors may hold it.
    sed 's/\bNaN\b/null/g; s/-\?\bInfinity\b/null/g' "$ETAS_SHARED/vectors/inversion_$letter.json" >want.json
    sed 's/\bNaN\b/null/g; s/-\?\bInfinity\b/null/g' "$ETAS_SHARED/vectors/exact_em_$letter.json" >exact.json
    jq -r '"inverted \(.n_source_events) sources, \(.n_target_events) targets, \(.n_pairs) pairs"' want.json >counts
    grep -qF "$(cat counts)" "$letter.log" || fail "counts: want $(cat counts), got $(cat "$letter.log")"
    jq -e --slurpfile want want.json '(.beta / $want[0].beta - 1 | fabs) < 1e-14' "$file" >/dev/null || fail "beta"
    jq -e --slurpfile want want.json '(.area / $want[0].area - 1 | fabs) < 1e-9' "$file" >/dev/null || fail "area"
    jq -r --slurpfile exact exact.json '.final_parameters as $got | $exact[0].fixed_point_theta | to_entries[]
        | select(.value != null) | "\(.key) \(($got[.key] - .value) | fabs)"' "$file" >off
    awk '$2 > worst { worst = $2 } !($2 < 1e-6) { bad = 1; print "  " $0 } END { printf "  worst %.1e\n", worst; exit bad || NR != 9 }' off ||
        fail "theta is off: $(cat off)"
}

shows "the Swiss case"
compare ch_forecast.json ch b
shows "the Californian example"
compare example_invert.json 0 a
done_testing
