#!/usr/bin/env bash
# etas invert with every option: what comes out, that it is written, and that it can be read again.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

mkdir in
cp "$ETAS_SOURCE"/examples/region.json in/

# The example's catalogue with all the columns that options ask for: places in metres on a plane,
# the completeness of all events (3.6) or 0.3 more after 2010, a covariate.
awk -F, -v OFS=, '
    NR == 1 { print "id,latitude,longitude,time,magnitude,mc_current,mc_late,x,y,z,rate"; next }
    { late = substr($5, 1, 4) >= 2010 && $4 >= 3.85 ? 3.9 : 3.6
      print $1, $2, $3, $5, $4, 3.6, late, $3 * 91000, $2 * 111000, -1000 * (NR % 7), 1 + (NR % 3) }
' "$ETAS_SOURCE/examples/catalog.csv" >in/catalog.csv
sed '1s/mc_current/mc_flat/; 1s/mc_late/mc_current/' in/catalog.csv >in/late.csv

# configure NAME SETTINGS: in/NAME.json, a short version of the example with the members of another
# object; a null takes a key away.
configure() {
    jq --arg id "$1" ". + {id: \$id} + ${2:-"{}"} | del(.[] | nulls)" >"in/$1.json" <<JSON
{
  "fn_catalog": "catalog.csv", "shape_coords": "region.json",
  "auxiliary_start": "2000-01-01 00:00:00", "timewindow_start": "2003-01-01 00:00:00",
  "timewindow_end": "2020-01-01 00:00:00", "mc": 3.6, "delta_m": 0.1, "m_max": 7.9, "estimator": "reference",
  "forecast_duration": 30, "n_simulations": 20
}
JSON
}

# invert NAME OPTIONS...: results in out, the summary in NAME.out.
invert() {
    local name=$1

    shift
    etas invert "in/$name.json" -o out --progress none "$@" >"$name.out" 2>"$name.log" ||
        fail "invert $name $*: $(tail -n 3 "$name.log")"
}

# value NAME WORD: a number of the summary.
value() {
    awk -v word="$2" '$1 == word { print $2; found = 1 } END { exit !found }' "$1.out" || fail "$1.out has no $2"
}

# key NAME KEY: a value of the parameters.
key() {
    jq -c ".$2" "out/parameters_$1.json"
}

has_key() {
    [ "$(key "$1" "$2")" = "$3" ] || fail "parameters_$1.json: $2 is $(key "$1" "$2"), not $3"
}

# true_that TEXT: a comparison of numbers, by awk.
true_that() {
    awk "BEGIN { exit !($1) }" || fail "not true: $1"
}

# column FILE NAME: one column of a table.
column() {
    awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; if (!c) exit 1; next } { print $c }' "$1" ||
        fail "$1 has no column $2"
}

sum_of() {
    column "$1" "$2" | awk '{ s += $1 } END { printf "%.12g", s }'
}

# same_model A B: the parameters agree to 1e-6.
same_model() {
    paste <(head -n 9 "$1.out") <(head -n 9 "$2.out") | awk '
        $1 == "beta" { exit } { n++; for (i = 3; i <= NF && $i != $1; i++) ; d = $2 - $(i + 1) }
        $i != $1 || d > 1e-6 || d < -1e-6 { print; bad = 1 } END { exit bad || n < 8 }' ||
        fail "$1 and $2 are not the same model"
}

# forecast_from NAME CODE [SETTINGS]: a forecast from the results.
forecast_from() {
    jq -n "{fn_inversion_output: \"../out/parameters_$1.json\", forecast_duration: 30, n_simulations: 20, m_max: 7.9} + ${3:-"{}"}" >"in/from_$1.json"
    rm -f f.csv*
    expect "$2" etas forecast "in/from_$1.json" --seed 1 --distribute serial --allow-supercritical -o f.csv
}

# same_forecast NAME: one that inverts itself makes the bytes of the one from the results.
same_forecast() {
    rm -f g.csv*
    expect 0 etas forecast "in/$1.json" --seed 1 --distribute serial --allow-supercritical -o g.csv
    cmp f.csv g.csv || fail "a forecast from results is another one: $1"
}

shows "the model without options; the same without a start twice, on one thread or three, without acceleration, in little memory"
configure plain
invert plain
cp plain.out plain.first
invert plain --threads 3
cmp plain.out plain.first || fail "threads change the result"
cp plain.out threads.out
configure em
invert em --plain-em --memory 1M
same_model plain em
has_key plain mc 3.6
has_key plain m_ref 3.6
has_key plain free_background false
has_key plain bg_term null
has_key plain i_hat 0
[ "$(column out/sources_plain.csv source_id | wc -l)" -eq "$(key plain n_sources)" ] || fail "rows of sources"
[ "$(column out/trig_and_bg_probs_plain.csv target_id | wc -l)" -eq "$(key plain n_target_events)" ] || fail "rows of targets"
forecast_from plain 0
same_forecast plain

shows "a completeness column that is constant changes nothing"
configure var_flat '{"mc": "var", "m_ref": 3.6}'
invert var_flat
same_model plain var_flat
has_key var_flat mc '"var"'

shows "a completeness that varies: hidden events in the tables and in a forecast; m_ref comes down to it"
configure var '{"mc": "var", "m_ref": 3.7, "fn_catalog": "late.csv"}'
invert var
grep -q 'm_ref is lowered from 3.7 to 3.6' var.log || fail "nothing about m_ref: $(cat var.log)"
has_key var m_ref 3.6
has_key var m_ref_given 3.7
has_key var log_likelihood null
column out/trig_and_bg_probs_var.csv zeta_plus_1 | sort -u >zeta
[ "$(wc -l <zeta)" -eq 2 ] || fail "zeta: $(cat zeta)"
true_that "$(tail -n 1 zeta) > 1.5 && $(head -n 1 zeta) == 1"
[ "$(column out/sources_var.csv xi_plus_1 | sort -u | wc -l)" -eq 2 ] || fail "xi does not vary"
forecast_from var 0
same_forecast var

shows "ETAS-positive"
configure positive '{"mc": "positive", "m_ref": 3.6}'
invert positive
has_key positive mc '"positive"'
has_key positive b_positive true
true_that "$(key positive n_sources) < 0.7 * $(key plain n_sources) && $(key positive n_sources) > 0.3 * $(key plain n_sources)"
forecast_from positive 0
same_forecast positive

shows "parameters that are held, alpha at beta, no taper"
configure fixed '{"fixed_parameters": {"log10_c": -2.5, "gamma": 1.25, "alpha": "beta"}}'
invert fixed
true_that "$(value fixed log10_c) == -2.5 && $(value fixed gamma) == 1.25"
true_that "($(value fixed a) - $(value fixed rho) * 1.25 - $(value fixed beta)) ^ 2 < 1e-16"
grep -q '"alpha": "beta"' out/parameters_fixed.json || fail "fixed_parameters are not in the results"
configure untapered '{"fixed_parameters": {"log10_tau": "inf"}}'
invert untapered
[ "$(value untapered log10_tau)" = inf ] || fail "log10_tau is $(value untapered log10_tau)"
true_that "$(value untapered omega) > 0"
forecast_from untapered 0
same_forecast untapered

shows "an inner region has fewer targets, not fewer sources"
configure inner '{"inner_shape_coords": [[33, -119], [36, -119], [36, -115], [33, -115]]}'
invert inner
true_that "$(key inner n_target_events) < 0.9 * $(key plain n_target_events)"
has_key inner n_sources "$(key plain n_sources)"
forecast_from inner 0
same_forecast inner

shows "a background rate for each target"
configure background '{"free_background": true, "bw_sq": 25, "reference_stop": true}'
invert background
has_key background free_background true
has_key background bw_sq 25
true_that "$(column out/trig_and_bg_probs_background.csv mu | sort -u | wc -l) > 100"
forecast_from background 0
same_forecast background

shows "an induced term: its shares, its column, a forecast that says how many induced events there are"
configure induced '{"bg_term": "rate"}'
invert induced
has_key induced bg_term '"rate"'
column out/trig_and_bg_probs_induced.csv rate >/dev/null
true_that "($(sum_of out/trig_and_bg_probs_induced.csv P_background) - $(key induced n_hat)) ^ 2 < 1e-12"
true_that "($(sum_of out/trig_and_bg_probs_induced.csv P_induced) - $(key induced i_hat)) ^ 2 < 1e-12"
true_that "($(key induced n_hat) + $(key induced i_hat) + $(sum_of out/trig_and_bg_probs_induced.csv P_triggered) - $(key induced n_target_events)) ^ 2 < 1e-8"
value induced log10_iota >/dev/null
true_that "($(value induced i_hat) - $(key induced i_hat)) ^ 2 < 1e-12"
forecast_from induced 1
complains 'from_induced.json' '"n_induced": missing' '"induced_grid"'
forecast_from induced 0 '{n_induced: 0}'
configure induced '{"bg_term": "rate", "n_induced": 0}'
same_forecast induced

shows "a productivity for each source: its column, the same forecast from results"
configure productivity '{"free_productivity": true}'
invert productivity --tolerance 1e-3
has_key productivity free_productivity true
[ "$(column out/sources_productivity.csv source_kappa | wc -l)" -eq "$(key productivity n_sources)" ] || fail "rows of kappa"
forecast_from productivity 0
cp f.csv kappa.csv
sed 's/"free_productivity": true/"free_productivity": false/' out/parameters_productivity.json >out/parameters_flat.json
forecast_from flat 0
! cmp -s f.csv kappa.csv || fail "the productivities of past events make no difference"

shows "three dimensions: the unit of places does not matter; no forecast"
box() { # the corners of a box, km times $1
    jq -nc --argjson unit "$1" '[[-11500, -10200], [3400, 4900], [1, -10]] | [combinations | map(. * $unit)]'
}
configure space "{three_dim: true, space_unit_in_meters: 1, shape_coords: $(box 1000)}"
invert space
awk -F, -v OFS=, 'NR == 1 { $2 = "lat"; $3 = "lon" } NR > 1 { $8 /= 1000; $9 /= 1000; $10 /= 1000 } { print }' OFMT=%.17g CONVFMT=%.17g in/catalog.csv >in/km.csv
configure space_km "{three_dim: true, shape_coords: $(box 1), fn_catalog: \"km.csv\"}"
invert space_km
same_model space space_km
has_key space three_dim true
has_key space space_unit_in_meters 1
true_that "$(value space rho) > 0.5"
true_that "($(key space area) / (1300 * 1500 * 11) - 1) ^ 2 < 1e-20"
join -t, <(awk -F, 'NR > 1 { print $1 "," $8 + 0 }' in/catalog.csv | sort) \
    <(paste -d, <(column out/trig_and_bg_probs_space.csv target_id) <(column out/trig_and_bg_probs_space.csv x) | sort) |
    awk -F, '($2 - $3) ^ 2 > 1e-24 * $2 ^ 2 { exit 1 } END { exit NR < 1000 }' || fail "x is in another unit than in the catalogue"
forecast_from space 1
complains 'three_dim' 'on the surface of the globe'

shows "pairs on request: as many as were counted, and their shares add up"
configure pairs
invert pairs --store-pij
[ "$(column out/pij_pairs.csv Pij | wc -l)" -eq "$(key pairs n_pairs)" ] || fail "rows of pairs"
true_that "($(sum_of out/pij_pairs.csv Pij) - $(sum_of out/trig_and_bg_probs_pairs.csv P_triggered)) ^ 2 < 1e-14"
grep -q '"fn_pij": "out/pij_pairs.csv"' out/parameters_pairs.json || fail "fn_pij is not in the parameters"
same_model plain pairs
[ ! -e out/pij_plain.csv ] || fail "pairs without being asked"

if [ -d "${ETAS_SHARED:-/nowhere}/data" ]; then
    shows "other people's catalogues: constraints, a completeness column, ETAS-positive"
    for name in constraints mc_var; do
        jq --arg id "$name" '. + {id: $id}' "$ETAS_SHARED/data/example_$name.json" >"in/$name.json"
        cp "$ETAS_SHARED"/data/{example_catalog.csv,example_catalog_mc_var.csv,california_shape.npy} in/
        invert "$name"
        forecast_from "$name" 0
    done
    has_key constraints n_sources 4454
    has_key constraints n_target_events 3501
    has_key constraints n_pairs 500763
    has_key constraints fixed_parameters.alpha '"beta"'
    has_key constraints final_parameters.omega -0.16
    true_that "($(value constraints alpha) - $(value constraints beta)) ^ 2 < 1e-16"
    has_key mc_var mc '"var"'
    has_key mc_var n_sources 5462
    jq '. + {id: "f", mc: "positive", m_ref: 3.6}' "$ETAS_SHARED/data/example_invert.json" >in/f.json
    invert f
    has_key f n_sources 1465
    has_key f n_target_events 1042
    has_key f n_pairs 90415
    true_that "($(key f beta) / 2.2526280844107209 - 1) ^ 2 < 1e-26"
else
    echo "  (no ETAS_SHARED: other people's catalogues are not shown)"
fi
done_testing
