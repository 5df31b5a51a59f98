#!/usr/bin/env bash
# etas evaluate CONFIG: the likelihood of a test window.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json} .
sed 's/"timewindow_end": "2020-01-01 00:00:00"/"timewindow_end": "2015-01-01", "testwindow_end": "2020-01-01"/' \
    "$ETAS_SOURCE/examples/forecast.json" >config.json

# changed SED: config.json with one change, as changed.json.
changed() {
    sed "$1" config.json >changed.json
    ! cmp -s config.json changed.json || fail "nothing changed by $1"
}

# python EXPRESSION: with d, the scores in FILE, which must be one.
python() {
    python3 -c "import json, sys; d = json.load(open('$1')); print($2)"
}

shows "it inverts when there is no result, keeps that, and prints a table"
expect 0 etas evaluate config.json -o scores
grep -q '^test window *2015-01-01 00:00:00 to 2020-01-01 00:00:00$' stdout || fail "$(cat stdout)"
[ "$(awk '$1 ~ /^[nts]ll$/ { print NF }' stdout | sort | uniq -c | awk '{ print $1, $2 }')" = "3 4" ] || fail "$(cat stdout)"
only_files scores ll_scores.json augmented_catalog.csv
[ -f output/parameters_example.json ] || fail "the inversion was not kept"

shows "the scores hold the reference's keys, and fit together and to the events"
python3 - <<'PYTHON' || fail "scores"
import csv, json, math

d = json.load(open("scores/ll_scores.json"))
rows = list(csv.DictReader(open("scores/augmented_catalog.csv")))
n = len(rows)
assert set(d["ETAS"]) == set(d["Poisson"]) == {"nll", "tll", "sll"}
assert n == d["n_test_events"] > 100
for s in d["ETAS"], d["Poisson"]:
    assert abs(s["nll"] + s["tll"] + s["sll"]) < 1e-12
gain = d["information_gain"]
assert abs(gain["total"] - (d["Poisson"]["nll"] - d["ETAS"]["nll"])) < 1e-12 and gain["total"] > 1
assert abs(gain["time"] + gain["space"] - gain["total"]) < 1e-12
tail = d["expected_events"]["after_last_event"]
ll = sum(float(r["LL"]) for r in rows) - tail
assert abs(ll / d["log_likelihood"] - 1) < 1e-12 and abs(ll / n + d["ETAS"]["nll"]) < 1e-9
total = sum(float(r["int_lambd"]) for r in rows)
assert abs(total + tail - d["expected_events"]["total"]) < 1e-9 and abs(float(rows[-1]["tau"]) - total) < 1e-9
for r in rows:
    r = {k: v if k in ("id", "time") else float(v) for k, v in r.items()}
    assert abs(math.log(r["lambd"]) - r["int_lambd"] - r["LL"]) < 1e-11
    assert abs(math.log(r["lambd_star"]) - r["int_lambd"] - r["TLL"]) < 1e-11
    assert abs(r["TLL"] + r["SLL"] - r["LL"]) < 1e-11
    assert 0 < r["P_background"] <= 1 and r["P_induced"] == 0 and abs(1 - math.exp(-r["int_lambd"]) - r["u"]) < 1e-12
assert sorted(r["time"] for r in rows) == [r["time"] for r in rows]
assert all("2015" <= r["time"] < "2020" for r in rows)
# the example was simulated: the model that is fitted to it is right
assert d["residuals"]["intervals"]["p"] > 1e-3 and d["residuals"]["transformed_times"]["p"] > 1e-3
PYTHON

shows "a stored result gives the same answer, by key, as an option, and as the configuration itself"
expect 0 etas evaluate config.json --parameters output/parameters_example.json --json
cp stdout by_option.json
[ "$(python by_option.json 'd["ETAS"]')" = "$(python scores/ll_scores.json 'd["ETAS"]')" ] || fail "other scores"
changed 's|"data_path"|"fn_inversion_output": "output/parameters_example.json", "data_path"|'
expect 0 etas evaluate changed.json --json
cmp stdout by_option.json || fail "by key"
expect 0 etas evaluate output/parameters_example.json --json
cmp stdout by_option.json || fail "by itself"
[ ! -s stderr ] || [ "$(grep -c -i warn stderr)" -eq 0 ] || fail "warned: $(cat stderr)"

shows "threads change nothing"
expect 0 etas evaluate config.json --parameters output/parameters_example.json --json --threads 1
cmp stdout by_option.json || fail "one thread"

shows "other parameters are worse than the fitted ones, and given ones are taken"
theta=$(python output/parameters_example.json 'json.dumps({k: v for k, v in d["final_parameters"].items() if v is not None})')
beta=$(python output/parameters_example.json 'd["beta"]')
changed "s|\"data_path\"|\"beta\": $beta, \"parameters\": $theta, \"data_path\"|"
expect 0 etas evaluate changed.json --json
[ "$(python stdout 'd["ETAS"]')" = "$(python by_option.json 'd["ETAS"]')" ] || fail "given parameters score otherwise"
sed -i 's/"log10_d": /"log10_d": 1.5, "was": /; s/"was": [^,]*,//' changed.json
expect 0 etas evaluate changed.json --json
[ "$(python stdout "d['ETAS']['sll'] < $(python by_option.json 'd["ETAS"]["sll"]') - 0.1")" = True ] || fail "a wrong kernel is no worse"
changed "s|\"data_path\"|\"parameters\": $theta, \"data_path\"|"
expect 1 etas evaluate changed.json
complains 'changed.json' '"beta":' 'given parameters need this key'

shows "--end and --m-test choose other events"
expect 0 etas evaluate output/parameters_example.json --json --end 2016-01-01 --m-test 4
[ "$(python stdout 'd["m_test"] == 4, d["testwindow_end"]')" = "True 2016-01-01 00:00:00" ] || fail "$(cat stdout)"
want=$(awk -F, 'NR > 1 && substr($4, 1, 4) == 2015 && $5 > 3.95' scores/augmented_catalog.csv | wc -l)
[ "$(python stdout 'd["n_test_events"]')" = "$want" ] || fail "not $want events"
expect 0 etas evaluate output/parameters_example.json --end 2015-01-01T00:00:01
complains '0 events in the test window'
grep -q '^expected' stdout || fail "$(cat stdout)"

shows "every kind of model that has a rate is evaluated"
awk -F, -v OFS=, 'NR == 1 { print $0, "volume" } NR > 1 { print $0, 1 + NR % 3 }' catalog.csv >volume.csv
for option in '"free_background": true, "bw_sq": 400' '"free_productivity": true' '"fixed_parameters": {"alpha": "beta"}' \
    '"fixed_parameters": {"log10_tau": Infinity, "omega": 0.1}' '"bg_term": "volume"' '"inner_shape_coords": [[33, -121], [33, -116], [38, -116], [38, -121]]'; do
    rm -r output
    changed "s|\"estimator\": \"mle\"|$option|; s|catalog.csv|volume.csv|"
    expect 0 etas evaluate changed.json --json --tolerance 1e-3
    cp stdout inverted.json
    [ "$(python inverted.json 'd["information_gain"]["total"] > 0 and d["n_test_events"] > 20')" = True ] || fail "$option: $(cat inverted.json)"
    expect 0 etas evaluate changed.json --parameters output/parameters_example.json --json
    [ "$(python stdout "abs(d['ETAS']['nll'] - $(python inverted.json 'd["ETAS"]["nll"]')) < 1e-9")" = True ] || fail "$option: stored results score otherwise"
done

shows "what has none is refused in words, and mistakes are told"
changed 's/"mc": 3.6/"mc": "positive", "m_ref": 3.6/'
expect 1 etas evaluate changed.json
complains 'changed.json' '"mc":' '--parameters'
changed 's/"testwindow_end": "2020-01-01",//'
expect 1 etas evaluate changed.json
complains '"testwindow_end":' '--end'
expect 1 etas evaluate config.json --end 2010-01-01
complains 'not before --end'
expect 1 etas evaluate missing.json
complains 'missing.json' 'No such file'
expect 1 etas evaluate config.json --parameters missing.json
complains 'missing.json' 'No such file'
expect 1 etas evaluate config.json --parameters config.json
complains 'config.json'
expect 1 etas evaluate output/parameters_example.json --m-test 3
complains 'complete only from 3.6 on'
expect 2 etas evaluate
expect 2 etas evaluate --json config.json
complains 'comes first'
expect 2 etas evaluate config.json --wrong
complains '--wrong'
expect 2 etas evaluate config.json --m-test large
complains '"large" is not a number'
sed 's/,1,/,1,/; 1q' catalog.csv >empty.csv
changed 's/catalog.csv/empty.csv/'
expect 1 etas evaluate changed.json
complains 'empty.csv'

shows "outputs that cannot be written leave nothing, and say so"
expect 0 etas evaluate config.json -o before
echo old >before/ll_scores.json
touch file
expect 1 etas evaluate config.json --parameters output/parameters_example.json -o file
complains 'file'
if [ -w /dev/full ]; then
    expect 1 sh -c 'etas evaluate output/parameters_example.json --json >/dev/full'
    complains 'No space left'
fi
done_testing
