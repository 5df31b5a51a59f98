#!/usr/bin/env bash
# etas bench: every backend on one workload.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

shows "without a configuration the example that comes with the program is measured, and nothing is written"
expect 0 etas bench -n 300 --repeat 2 --processes 3 --progress none
grep -qF "/examples/forecast.json: 300 catalogues, " stdout || fail "no example: $(cat stdout)"
for row in 'serial +1 +scalar' 'processes +1' 'processes +2' 'processes +3' 'embedded redis +3'; do
    grep -qE "^$row " stdout || fail "no row \"$row\": $(cat stdout)"
done
grep -qF "all of them made the same catalogues" stdout || fail "they are compared"
only_files . stdout stderr

shows "as JSON: rates and shares that belong together, the events of a forecast of the same seed"
expect 0 etas bench "$ETAS_SOURCE/examples/generic.json" --allow-supercritical -n 200 --seed 7 --repeat 1 --processes 2 --json --progress none
jq -e '.n_catalogs == 200 and .seed == "7" and .repeat == 1 and (.sha256 | length) == 64' stdout >/dev/null || fail "$(cat stdout)"
jq -e '[.cases[] | .backend] | index("serial") == 0 and index("processes") > 0 and index("embedded redis") > 0' stdout >/dev/null || fail "$(cat stdout)"
jq -e '.cases[0].efficiency == 1 and ([.cases[] | (.speed_up / .slots / .efficiency - 1 | fabs) < 1e-9 and .seconds > 0] | all)' stdout >/dev/null || fail "$(cat stdout)"
events=$(jq .n_events stdout) sha=$(jq -r .sha256 stdout)
etas forecast "$ETAS_SOURCE/examples/generic.json" --allow-supercritical -n 200 --seed 7 --distribute serial -o f.csv 2>forecast.log >forecast.out
grep -qF "200 catalogues, $events events" forecast.out || fail "bench made $events events: $(cat forecast.out)"
expect 0 etas bench "$ETAS_SOURCE/examples/generic.json" --allow-supercritical -n 200 --seed 8 --repeat 1 --processes 1 --json --progress none
[ "$(jq -r .sha256 stdout)" != "$sha" ] || fail "another seed, the same digest"

shows "without a Redis server the other rows are there all the same"
mkdir empty
expect 0 env PATH="$work/empty" "$ETAS_BIN/etas" bench -n 50 --repeat 1 --processes 1 --progress none
complains "embedded redis is left out: redis-server is not on the PATH"
grep -qE '^processes +1 ' stdout || fail "$(cat stdout)"
grep -qF "embedded redis" stdout && fail "a row without a server"

shows "a run of some length by itself"
expect 0 etas bench --seconds 0.02s --repeat 1 --processes 1 --json --progress none
jq -e '.n_catalogs >= 1' stdout >/dev/null || fail "$(cat stdout)"

shows "what cannot be measured is said"
expect 1 etas bench nowhere.json
complains "nowhere.json: "
expect 1 etas bench "$ETAS_SOURCE/examples/generic.json" --progress none
complains "branching ratio"
for wrong in "-n 0" "--processes 0" "--processes 5000" "--repeat 0" "--seconds 0s" "--seed x" "a.json b.json"; do
    # shellcheck disable=SC2086 # options and their values
    expect 2 etas bench $wrong
    one_line
done
done_testing
