#!/usr/bin/env bash
# etas plot: pictures of a fit and of a forecast, as files.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

fit_names=(fit-background fit-magnitudes fit-productivity fit-space fit-time)

well_formed() {
    local file

    for file in "$@"; do
        if command -v xmllint >/dev/null; then
            xmllint --noout --nonet "$file" || fail "$file is not well-formed"
        else
            python3 -c 'import sys, xml.etree.ElementTree as t; t.parse(sys.argv[1])' "$file" || fail "$file is not well-formed"
        fi
    done
}
# width_of PNG, by its header
width_of() {
    od -An -tu1 -j16 -N4 "$1" | awk '{ print (($1 * 256 + $2) * 256 + $3) * 256 + $4 }'
}

shows "wrong command lines"
expect 2 etas plot
expect 2 etas plot frobnicate
complains 'plot frobnicate'
expect 0 etas plot --help
grep -q '^  forecast ' stdout || fail "$(cat stdout)"
expect 2 etas plot fit
expect 2 etas plot fit a.json --figure frob
complains 'no figure "frob"'
expect 2 etas plot fit a.json -o x.svg
complains 'x.svg takes one figure'
expect 2 etas plot fit a.json -o x.svg --figure time --format png
complains '--format'
expect 2 etas plot fit a.json --format pdf
complains 'svg or png'
expect 2 etas plot fit a.json --width 3
complains '--width'
touch x.txt
expect 2 etas plot fit a.json -o x.txt
complains 'x.txt is neither a folder nor named .svg or .png'
expect 2 etas plot forecast a b
expect 2 etas plot forecast a --figure time
complains 'no figure "time"'
rm x.txt

shows "missing inputs"
expect 1 etas plot fit nowhere.json
complains 'nowhere.json: cannot be read'
one_line
mkdir empty
expect 1 etas plot fit empty
complains 'empty: no parameters_<id>.json is in it'
one_line
expect 1 etas plot forecast nowhere.csv -o out
complains 'nowhere.csv'
one_line
only_files . empty stdout stderr

shows "a configuration is inverted and drawn, all figures into a folder"
cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json,forecast.json} .
expect 0 etas plot fit forecast.json -o all --csv
only_files all "${fit_names[@]/%/.svg}" "${fit_names[@]/%/.csv}"
well_formed all/*.svg

shows "what is drawn is what the numbers say"
for name in fit-time fit-space fit-productivity fit-magnitudes; do
    n=$(python3 "$ETAS_SOURCE/tests/cli/check_plot.py" "all/$name".svg "all/$name".csv) || fail "$name: drawing and numbers differ"
    [ "$n" -gt 30 ] || fail "$name: $n points only"
done
# All aftershocks but half of one at each end lie in the bins that are drawn, as densities whose integral is 1.
awk -F, '$1 == "data" { sum += $8; integral += $3 * ($5 - $4) } END { exit !(sum > 1900 && sum < 1950 && integral > 0.999999 && integral < 1.000001) }' \
    all/fit-time.csv || fail "the histogram of delays is not one"
[ "$(grep -c ^data all/fit-background.csv)" = 2210 ] || fail "not every target is in the background"

shows "results give the same drawings as the inversion they come from, by file and by folder"
expect 0 etas invert forecast.json -o results
expect 0 etas plot fit results -o again --csv
for name in "${fit_names[@]}"; do
    cmp "all/$name".svg "again/$name".svg || fail "$name differs"
    cmp "all/$name".csv "again/$name".csv || fail "$name differs in numbers"
done
expect 0 etas plot fit results/parameters_example.json -o one.svg --figure time
cmp one.svg all/fit-time.svg || fail "one figure differs"
grep -q "unknown key" stderr && fail "results are read as a configuration: $(cat stderr)"
cp results/parameters_example.json results/parameters_other.json
expect 1 etas plot fit results
complains 'results of 2 inversions'
one_line
rm results/parameters_other.json

shows "a catalogue that has moved is named by an option"
mkdir moved
mv catalog.csv moved/
expect 1 etas plot fit results -o never
complains 'catalog.csv'
expect 0 etas plot fit results --catalog moved/catalog.csv -o two.svg --figure time
cmp one.svg two.svg || fail "another drawing"
mv moved/catalog.csv .
[ ! -e never ] || fail "a folder was left"

shows "a model with productivities of its own"
sed 's/"mc": 3.6,/"mc": 3.6, "free_productivity": true,/' forecast.json >free.json
expect 0 etas plot fit free.json -o free.svg --figure productivity --csv --tolerance 0.01
well_formed free.svg
grep -q '^data,' free.csv || fail "no numbers beside free.svg"

shows "dark drawings have a dark ground"
expect 0 etas plot fit results -o dark.svg --figure time --dark
grep -q 'fill="#1b212a"' dark.svg || fail "no dark ground"
! grep -q 'fill="#1b212a"' one.svg || fail "a light drawing is dark"

shows "PNG of a width, or words about why not"
if etas plot fit results -o time.png --figure time --width 720 2>png.log; then
    [ "$(width_of time.png)" = 720 ] || fail "$(width_of time.png) pixels"
    expect 0 etas plot fit results -o png --format png --figure time --figure space
    only_files png fit-time.png fit-space.png
    [ "$(width_of png/fit-space.png)" = 1200 ] || fail "not the default width"
else
    grep -q 'no PNG without librsvg' png.log || fail "$(cat png.log)"
    [ ! -e time.png ] || fail "half a picture"
fi

shows "what cannot be written is said, and nothing is left"
expect 1 etas plot fit results -o /proc/nothing/x.svg --figure time
complains '/proc/nothing'
mkdir -p taken/fit-time.svg
expect 1 etas plot fit results -o taken --figure time
complains 'taken/fit-time.svg'
only_files taken fit-time.svg
if [ "$(id -u)" -eq 0 ] && mkdir full && mount -t tmpfs -o size=16k tmpfs full 2>/dev/null; then
    mounted=$work/full
    expect 1 etas plot fit results -o full
    complains 'full/fit-'
    ! find full -name '*.tmp*' | grep . || fail "temporary files are left"
else
    echo "  (no tmpfs here)"
fi

shows "a forecast from its store"
expect 0 etas forecast forecast.json -n 300 --seed 1 -o out.csv --distribute serial
expect 0 etas plot forecast out.csv -o fc --csv
only_files fc forecast-{fan,magnitudes,map,numbers}.{csv,svg}
well_formed fc/*.svg
expect 0 etas plot forecast out.csv.store -o map.svg --figure map --observed catalog.csv --dark
well_formed map.svg
expect 1 etas plot forecast out.csv -o fc --observed nowhere.csv
complains 'nowhere.csv'
done_testing
