#!/usr/bin/env bash
# The Swiss forecast, whole: 100,000 catalogues against the statistics of the reference's 9,200,
# each within 4 combined standard errors.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

vector=$ETAS_SHARED/vectors/simulation_ch.json
if [ ! -r "$vector" ]; then
    echo "no reference numbers at $ETAS_SHARED: skipped"
    exit 77
fi
n=100000
expect 0 etas forecast "$ETAS_SHARED/data/ch_forecast.json" -n $n --seed 1 -o ch.csv --format reference --columns is_background,generation

# name, mean, standard error of the reference, one per line
{
    jq -r '"number \(.number.mean) \(.number.mean_se)"' "$vector"
    jq -r '.n_simulations as $n | .number.fraction_zero as $p | "empty \($p) \($p * (1 - $p) / $n | sqrt)"' "$vector"
    jq -r '.mean_n_M_ge | to_entries[] | "M>=\(.key) \(.value.mean) \(.value.se)"' "$vector"
    jq -r '.mean_number_per_day_bin | to_entries[] | "day\(.key) \(.value.mean) \(.value.se)"' "$vector"
    jq -r '"background \(.background.mean) \(.background.se)", "triggered \(.triggered.mean) \(.triggered.se)"' "$vector"
    jq -r '.mean_number_by_generation | to_entries[] | select(.value.mean > 0.002) | "generation\(.key) \(.value.mean) \(.value.se)"' "$vector"
    # The share is a ratio: its error by the delta method from both means, taken as independent.
    jq -r '(.background.mean / (.background.mean + .triggered.mean)) as $p | (.background.mean + .triggered.mean) as $m
        | "share \($p) \((($p * .triggered.se) * ($p * .triggered.se) + ((1 - $p) * .background.se) * ((1 - $p) * .background.se) | sqrt) / $m)"' "$vector"
} >wanted

# Sums over catalogues of x and x^2 for each statistic; catalogues without events count as 0.
awk -F, -v n=$n '
function add(name, k) { x[name] += k; seen[name] = 1 }
function flush(name) {
    for (name in x) { s[name] += x[name]; q[name] += x[name] * x[name] }
    delete x
}
BEGIN { split("2.3 2.5 3.0 3.5 4.0 4.5 5.0 5.5 6.0", cuts, " ") }
FNR == NR { split($0, w, " "); want[w[1]] = w[2]; se[w[1]] = w[3]; order[++m] = w[1]; next }
FNR == 1 { next }
$8 != last { flush(); last = $8; filled++ }
{
    add("number", 1)
    for (i in cuts) if ($4 >= cuts[i] - 1e-9) add("M>=" cuts[i], 1)
    split($5, stamp, /[- :]/)
    day = stamp[2] == "09" ? stamp[3] - 10 : stamp[3] + 20
    add("day" day, 1)
    add($6 == "True" || $6 == "true" || $6 == "1" ? "background" : "triggered", 1)
    add("generation" $7, 1)
}
END {
    flush()
    s["empty"] = q["empty"] = n - filled
    b = s["background"] / n; t = s["triggered"] / n
    for (i = 1; i <= m; i++) {
        name = order[i]
        mean = s[name] / n
        own = sqrt((q[name] / n - mean * mean) / n)
        if (name == "share") {
            mean = b / (b + t)
            sb = sqrt((q["background"] / n - b * b) / n); st = sqrt((q["triggered"] / n - t * t) / n)
            own = sqrt((mean * st) ^ 2 + ((1 - mean) * sb) ^ 2) / (b + t)
        }
        z = (mean - want[name]) / sqrt(own * own + se[name] * se[name])
        printf "  %-13s %.5f +- %.5f, reference %.5f +- %.5f, z = %.2f\n", name, mean, own, want[name], se[name], z
        if (!(z < 4 && z > -4)) { bad = 1; print "  ^^^ too far" }
    }
    exit bad
}' wanted ch.csv >table || {
    cat table
    fail "a statistic is more than 4 standard errors off"
}
shows "$(wc -l <table) statistics within 4 standard errors"
grep -E 'number|empty|M>=3.0|day0|day29|share' table
[ "$(wc -l <table)" -ge 40 ] || fail "too few statistics"
done_testing
