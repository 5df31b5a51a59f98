#!/usr/bin/env bash
# Standard errors, diagnostics and warnings, as a user of etas invert and etas forecast meets them.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json} .

# invert SED: the example with one change, into out.
invert() {
    sed "$1" "$ETAS_SOURCE/examples/forecast.json" >config.json
    expect 0 etas invert config.json -o out
}

# key EXPRESSION: of the results, which are d, by Python.
key() {
    python3 -c "import json; d = json.load(open('out/parameters_example.json')); print($1)"
}

shows "every estimate is printed with its standard error; name and value stay the first columns"
invert ''
[ "$(grep -cE '^[a-z0-9_]+ +-?[0-9.]+ \+- [0-9.]+$' stdout)" -eq 13 ] || fail "$(cat stdout)"
[ "$(awk '$1 == "rho" { print $2 * 1e6 }' stdout | cut -d. -f1)" = "$(key 'int(d["final_parameters"]["rho"] * 1e6)')" ] ||
    fail "the second column is not the value"
if grep -qi warn stderr; then fail "a warning without a reason: $(cat stderr)"; fi

shows "the results hold covariance and diagnostics that fit together"
[ "$(key 'd["warnings"], d["diagnostics"]["at_bound"]')" = "[] []" ] || fail "warnings in the results"
[ "$(key 'all(abs(d["covariance"]["matrix"][i][i]**0.5 / d["standard_errors"][n] - 1) < 1e-12
              for i, n in enumerate(d["covariance"]["names"]))')" = True ] || fail "standard errors are not those of the matrix"
[ "$(key 'd["diagnostics"]["largest_newton_step_in_standard_errors"] < 1e-4')" = True ] || fail "not at the maximum"

shows "the reference's estimator has none, and the results say why"
invert 's/"mle"/"reference"/'
[ "$(key 'd["standard_errors"], d["covariance"]')" = "None None" ] || fail "standard errors without a likelihood"
key 'd["uncertainty_note"]' | grep -q 'does not maximise the likelihood' || fail "no reason"
[ "$(grep -c '+-' stdout)" -eq 1 ] || fail "more than beta has an error: $(cat stdout)"

shows "what is odd about an estimate is warned about, in the results too"
invert 's/"coppersmith_multiplier": 100/"coppersmith_multiplier": 10/'
complains 'warning' 'coppersmith_multiplier 10'
key 'd["warnings"][0]' | grep -q 'coppersmith_multiplier 10' || fail "the results do not warn"
expect 0 etas forecast config.json -n 5 --seed 1 -o forecast.csv --progress none
complains 'coppersmith_multiplier 10'

shows "a forecast leaves the same results as the inversion"
grep -vE '"(calculation_date|invert_seconds|fn_ip|fn_src)"' out/parameters_example.json >inverted.json
rm -f output/parameters_example.json
expect 0 etas forecast config.json -n 5 --seed 1 -o forecast.csv --progress none --restart
grep -vE '"(calculation_date|invert_seconds|fn_ip|fn_src)"' output/parameters_example.json >forecast.json
diff inverted.json forecast.json || fail "they differ"
done_testing
