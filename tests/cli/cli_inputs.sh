#!/usr/bin/env bash
# Catalogues in every format: the same inversion and forecast, what is skipped, what is missed.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json} .
formats=(csep fdsn quakeml geojson zmap)

# The example's events in other formats, digits as they are. Its columns: id, latitude, longitude,
# magnitude, time, catalog_id.
twin() {
    awk -F, -v format="$1" '
    function fields(t) {
        split(t, at, /[-: ]/)
        return at[1] " " at[2] " " at[3]
    }
    function iso(t) { sub(/ /, "T", t); return t }
    # Milliseconds since 1970 by the days of the Gregorian calendar.
    function ms(t,   y, m, d, days) {
        split(t, at, /[-: ]/)
        y = at[1]; m = at[2]; d = at[3]
        if (m <= 2) { y--; m += 12 }
        days = 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * (m - 3) + 2) / 5) + d - 719469
        return sprintf("%.0f", ((days * 24 + at[4]) * 60 + at[5]) * 60000 + at[6] * 1000)
    }
    NR == 1 {
        if (format == "csep") print "lon,lat,mag,time_string,depth,catalog_id,event_id"
        if (format == "fdsn") print "#EventID|Time|Latitude|Longitude|Depth/km|Author|Catalog|Contributor|ContributorID|MagType|Magnitude|MagAuthor|EventLocationName"
        if (format == "quakeml") print "<?xml version=\"1.0\"?>\n<q:quakeml xmlns:q=\"http://quakeml.org/xmlns/quakeml/1.2\" xmlns=\"http://quakeml.org/xmlns/bed/1.2\"><eventParameters publicID=\"p\">"
        if (format == "geojson") print "{\"type\": \"FeatureCollection\", \"features\": ["
        next
    }
    format == "csep" { print $3 "," $2 "," $4 "," iso($5) ",," 0 "," $1 }
    format == "fdsn" { print $1 "|" iso($5) "|" $2 "|" $3 "|||||| Mw |" $4 "||far, far away" }
    format == "quakeml" {
        print "<event publicID=\"" $1 "\"><origin publicID=\"o\"><time><value>" iso($5) "Z</value></time><latitude><value>" $2 \
            "</value></latitude><longitude><value>" $3 "</value></longitude></origin><magnitude publicID=\"m\"><mag><value>" $4 \
            "</value></mag><type>Mw</type></magnitude></event>"
    }
    format == "geojson" {
        print (NR > 2 ? "," : "") "{\"type\": \"Feature\", \"properties\": {\"mag\": " $4 ", \"time\": " ms($5) \
            ", \"type\": \"earthquake\"}, \"geometry\": {\"type\": \"Point\", \"coordinates\": [" $3 ", " $2 ", null]}, \"id\": \"" $1 "\"}"
    }
    format == "zmap" { day = fields($5); print $3, $2, day, $4, "NaN", at[4], at[5], at[6] }
    END {
        if (format == "quakeml") print "</eventParameters></q:quakeml>"
        if (format == "geojson") print "]}"
    }' catalog.csv
}

# Configuration $1.json of catalogue $2, otherwise the example.
configure() {
    sed -e "s/\"catalog.csv\"/\"$2\"/" -e "s/\"output\/\"/\"$1\/\"/" -e "s/output\/forecast_example.csv/$1.forecast.csv/" "$ETAS_SOURCE/examples/forecast.json" >"$1.json"
}

# What an inversion found, without where and when.
outcome() {
    grep -vE '"(fn_catalog|fn_ip|fn_src|calculation_date|invert_seconds|input_format)":' "$1/parameters_example.json"
}

shows "a catalogue gives the same inversion in every format, to the last byte"
configure csv catalog.csv
expect 0 etas invert csv.json
cp stdout csv.stdout
for format in "${formats[@]}"; do
    twin "$format" >"twin.$format"
    configure "$format" "twin.$format"
    expect 0 etas invert "$format.json"
    cmp stdout csv.stdout || fail "$format: another inversion"
    cmp "csv/sources_example.csv" "$format/sources_example.csv" || fail "$format: other sources"
    cmp "csv/trig_and_bg_probs_example.csv" "$format/trig_and_bg_probs_example.csv" || fail "$format: other targets"
    diff <(outcome csv) <(outcome "$format") || fail "$format: other parameters"
done

shows "forecasts from results look their sources up in a catalogue of any format"
for format in csv quakeml fdsn; do
    sed "s/\"fn_catalog\"/\"fn_inversion_output\": \"$format\/parameters_example.json\", \"fn_catalog\"/" "$format.json" >from.json
    expect 0 etas forecast from.json -n 20 --seed 1 -o "from.$format.csv" --discard-store
done
cmp from.csv.csv from.quakeml.csv
cmp from.csv.csv from.fdsn.csv

shows "every format converts to the same catalogue CSV, which converts to itself"
expect 0 etas catalog convert catalog.csv -o plain.csv
[ "$(head -n 1 plain.csv)" = "id,latitude,longitude,time,magnitude" ] || fail "header: $(head -n 1 plain.csv)"
for format in "${formats[@]}"; do
    expect 0 etas catalog convert "twin.$format"
    cmp stdout plain.csv || fail "$format converts to something else"
done
expect 0 etas catalog convert plain.csv
cmp stdout plain.csv

shows "every format is written too, and reads back to the same events, to the last digit"
cat >given.csv <<'END'
id,latitude,longitude,time,magnitude,depth
"a,""b"" <&>",46.123456789,-179.9999999,2020-02-29 23:59:59.999999,2.45,8.125
x y,-46.5,7.25,1969-12-31 23:59:59.000001,-0.3,
3,0,0,2020-01-02 03:04:05.000000,7,-1.5
END
for format in csv "${formats[@]}"; do
    expect 0 etas catalog convert given.csv --format "$format" -o "deep.$format"
    expect 0 etas catalog convert "deep.$format"
    case $format in
    quakeml) sed 's/^"a/"smi:local\/a/; s/^\([x3]\)/smi:local\/\1/' given.csv ;;
    zmap) sed 's/^"a[^>]*>"/0/; s/^x y/1/; s/^3/2/' given.csv ;;
    *) cat given.csv ;;
    esac | cmp - stdout || fail "$format: $(cat stdout)"
    expect 0 etas catalog convert plain.csv --format "$format" -o direct --log-level warning
    expect 0 etas catalog convert direct
    sed 's/^smi:local.//' stdout | cmp - plain.csv || fail "$format"
    for other in "${formats[@]}"; do
        expect 0 etas catalog convert "twin.$other" --format "$format"
        cmp direct stdout || fail "$other to $format"
    done
done
for name in e.txt:fdsn e.qml:quakeml e.geojson:geojson e.zmap:zmap e.csv:csv e.csep:csv; do
    expect 0 etas catalog convert given.csv -o "${name%:*}"
    cmp "${name%:*}" "deep.${name#*:}" || fail "$name"
done
sed 's/"a,[^>]*>"/a|b/' given.csv >bar.csv
expect 1 etas catalog convert bar.csv -o bar.txt
complains 'a|b' 'no place'
[ ! -e bar.txt ] || fail "an output after an error"

shows "a part of a catalogue: window, magnitudes, region"
expect 0 etas catalog convert plain.csv --start 2000-01-01 --end 2005-01-01 --min-magnitude 4.1 --max-magnitude 4.5
awk -F, 'NR == 1 || ($4 >= "2000-01-01" && $4 < "2005-01-01" && $5 >= 4.1 && $5 <= 4.5)' plain.csv | cmp - stdout
[ "$(wc -l <stdout)" -gt 20 ] || fail "$(wc -l <stdout) lines"
echo 'POLYGON((-120 34, -117 34, -117 37, -120 37, -120 34))' >square.wkt
expect 0 etas catalog convert plain.csv --region square.wkt -o -
awk -F, 'NR == 1 || ($2 >= 34 && $2 <= 37 && $3 >= -120 && $3 <= -117)' plain.csv | cmp - stdout
[ "$(wc -l <stdout)" -gt 20 ] || fail "$(wc -l <stdout) lines"
[ ! -e ./- ] || fail "a file called -"
for options in "--format hdf5" "--format auto" "--lonlat" "--start 2001-01-01 --end 2000-01-01" "--min-magnitude 5 --max-magnitude 4" "--min-magnitude x"; do
    # shellcheck disable=SC2086 # words
    expect 2 etas catalog convert plain.csv $options
    one_line
done
expect 1 etas catalog convert plain.csv --region nowhere.wkt
complains 'nowhere.wkt'

shows "a conversion does not replace its input, under whatever name"
cp catalog.csv kept.csv
ln -s kept.csv link.csv
for output in kept.csv "$PWD/./kept.csv" link.csv; do
    expect 2 etas catalog convert kept.csv -o "$output"
    complains "$output is an input"
    cmp kept.csv catalog.csv || fail "$output: the input was changed"
done

shows "the converted catalogue is taken like the first"
configure converted plain.csv
expect 0 etas invert converted.json
cmp stdout csv.stdout

shows "ids with commas and quotes, nanoseconds, depths, places and the order of the file survive a conversion"
cat >odd.csv <<'END'
id,magnitude,time,latitude,longitude,depth,mc_current,x,y,z,other
"a,b",2.5,2020-01-02 03:04:05.123456789,46.5,7.25,8.5,,1,2,3,left out
"say ""so""",1e-3,1969-12-31T23:59:59.999999999Z,-46.5,187.25,,1.3,,,,left out
END
cat >odd.expected <<'END'
id,latitude,longitude,time,magnitude,depth,mc_current,x,y,z
"a,b",46.5,7.25,2020-01-02 03:04:05.123456789,2.5,8.5,,1,2,3
"say ""so""",-46.5,187.25,1969-12-31 23:59:59.999999999,0.001,,1.3,,,
END
expect 0 etas catalog convert odd.csv
diff stdout odd.expected
expect 0 etas catalog convert odd.expected
diff stdout odd.expected

shows "what is skipped is said in a line each, and is counted by info"
{
    echo 'EventID|Time|Latitude|Longitude|Depth/km|MagType|Magnitude|EventType'
    echo 'a|2020-01-02T00:00:00|46|7|8|Mw|3.5|earthquake'
    echo 'b|2019-01-02T00:00:00|47|8||ML|2.5|'
    echo 'c|2020-01-02T00:00:00|46|7|8|ML|1.5|quarry blast'
    echo 'd|2020-01-02T00:00:00|46|7|8|ML|1.5|Quarry blast'
    echo 'e|2020-01-02T00:00:00|46|7|8|||earthquake'
} >mixed.txt
expect 0 etas catalog convert mixed.txt -o mixed.csv
[ "$(cut -d, -f1 mixed.csv | tr '\n' ' ')" = "id a b " ] || fail "kept: $(cat mixed.csv)"
complains 'mixed.txt: 2 of 5 events are skipped by type' '1 quarry blast, 1 Quarry blast' \
    'mixed.txt: 1 of 5 events are skipped: they have no magnitude' 'mixed.txt: 2 of 5 events, FDSN event text'
expect 0 etas catalog info mixed.txt
cat >info.expected <<'END'
format           FDSN event text
events           2 of 5
skipped          2 by type: 1 quarry blast, 1 Quarry blast
skipped          1 without a magnitude
time             2019-01-02 00:00:00.000000 to 2020-01-02 00:00:00.000000, not in this order
magnitude        2.5 to 3.5
magnitude_types  1 Mw, 1 ML
latitude         46 to 47
longitude        7 to 8
depth            8 to 8 km, 1 unknown
END
diff <(sed '/^magnitude_step/d; /^longest_gaps/,$d' stdout) info.expected
[ ! -s stderr ] || fail "info talks: $(cat stderr)"
expect 0 etas catalog info mixed.txt --event-types all
grep -qx 'events           4 of 5' stdout || fail "$(cat stdout)"
expect 0 etas catalog info mixed.txt --event-types "quarry blast"
grep -qx 'events           2 of 5' stdout || fail "$(cat stdout)"
expect 0 etas catalog convert mixed.txt --event-types explosion
[ "$(wc -l <stdout)" -eq 1 ] || fail "explosions: $(cat stdout)"

shows "options go before the configuration's keys, and both before the content"
configure keys twin.zmap
sed -i 's/"mc"/"input_format": "fdsn", "mc"/' keys.json
expect 1 etas invert keys.json
complains 'twin.zmap' 'there is no such column'
expect 0 etas invert keys.json --input-format zmap
cmp stdout csv.stdout
grep -q '"input_format": "zmap"' keys/parameters_example.json || fail "the results do not say how the catalogue is read"
expect 2 etas invert keys.json --input-format xml
complains 'etas invert: --input-format "xml": expected one of auto, csv, csep, fdsn, quakeml, geojson, zmap'
for command in "forecast keys.json" "estimate-mc catalog.csv" "catalog info catalog.csv" "catalog convert catalog.csv" \
    "catalog completeness catalog.csv"; do
    # shellcheck disable=SC2086 # words
    expect 2 etas $command --input-format xml
    complains '--input-format "xml"'
    # shellcheck disable=SC2086
    expect 2 etas $command --event-types ' ,'
    complains '--event-types'
done

shows "results remember which events were kept, and forecasts from them keep the same"
sed 's/<event publicID="[^"]*">/&<type>explosion<\/type>/' twin.quakeml >blasts.xml
configure blasts blasts.xml
expect 1 etas invert blasts.json
complains 'blasts.xml: 2659 of 2659 events are skipped by type' 'none of its 0 events'
expect 0 etas invert blasts.json --event-types explosion
cmp stdout csv.stdout
sed 's/"fn_catalog"/"fn_inversion_output": "blasts\/parameters_example.json", "fn_catalog"/' blasts.json >from.json
expect 0 etas forecast from.json -n 20 --seed 1 -o from.blasts.csv --discard-store
cmp from.csv.csv from.blasts.csv
expect 1 etas forecast from.json -n 20 --seed 1 -o from.blasts.csv --discard-store --event-types earthquake
complains 'blasts.xml'

shows "what a format does not have is missed by the key that needs it"
sed 's/"mc": 3.6/"mc": "var", "m_ref": 3.6/' quakeml.json >var.json
expect 1 etas invert var.json
complains 'twin.quakeml: "mc": QuakeML has no column mc_current'
sed 's/"mc": 3.6/"mc": 3.6, "bg_term": "rate"/' fdsn.json >induced.json
expect 1 etas invert induced.json
complains 'twin.fdsn: "bg_term": FDSN event text has no column'
gzip -k twin.quakeml
sed 's/twin.quakeml/twin.quakeml.gz/' quakeml.json >packed.json
expect 1 etas invert packed.json
complains 'twin.quakeml.gz: a file compressed by gzip; unpack it first'
one_line

shows "completeness and its estimate take every format"
expect 0 etas estimate-mc catalog.csv --seed 1 --samples 100
cp stdout table
for format in quakeml geojson; do
    expect 0 etas estimate-mc "twin.$format" --seed 1 --samples 100
    cmp stdout table
done
expect 0 etas catalog completeness plain.csv --mc 3.6
cp stdout completeness
for format in quakeml zmap; do
    expect 0 etas catalog completeness "twin.$format" --mc 3.6 -o "$format.csv"
    cmp "$format.csv" completeness
done

done_testing
