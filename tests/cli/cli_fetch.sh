#!/usr/bin/env bash
# Catalogues from FDSN event services, played by a server on loopback: good ones and bad ones.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
export no_proxy=127.0.0.1
python3 "$ETAS_SOURCE/tests/support/fdsn_server.py" port requests >server.log 2>&1 &
children+=("$!")
wait_for "the server" test -s port
url=http://127.0.0.1:$(cat port)

# fetch BEHAVIOUR CODE OUTPUT [OPTIONS]: its requests are in the file requests.
fetch() {
    local how=$1 code=$2 output=$3

    shift 3
    : >requests
    expect "$code" etas catalog fetch --fdsn "$url/$how" --start 2020-01-01 --end 2022-01-01 -o "$output" \
        --retry-wait 0.01s --progress none "$@"
}

n_requests() {
    wc -l <requests
}

shows "all events, ordered by time, as catalogue CSV; the client says who it is"
fetch plain 0 want.csv
[ "$(wc -l <want.csv)" -eq 1221 ] || fail "$(wc -l <want.csv) lines"
head -n 2 want.csv | cmp - <(printf '%s\n' id,latitude,longitude,time,magnitude,depth 'ev00000,-60,-180,2020-01-01 00:00:00.000000,2,0')
sort -t, -k4 -c <(tail -n +2 want.csv)
complains '1237 events from' '12 quarry blast' '5 of 1237 events are skipped: they have no magnitude'
grep -q ' etas/[0-9.]*$' requests || fail "user agent: $(cat requests)"
expect 0 etas catalog info want.csv
fetch plain2 0 all.csv --event-types all
[ "$(wc -l <all.csv)" -eq 1233 ] || fail "event types: $(wc -l <all.csv) lines"

shows "pages, whatever the service makes of limit, offset and order"
for how in paged cap=100 too-many=200 too-many=150,as-400 no-offset ignore-offset ignore-offset,cap=100 overlap unsorted; do
    fetch "$how" 0 got.csv --page-size 300
    cmp want.csv got.csv || fail "$how"
    [ "$(n_requests)" -ge 6 ] || fail "$how took $(n_requests) requests"
done
fetch paged2 0 got.csv --page-size 300
[ "$(n_requests)" -eq 6 ] || fail "$(cat requests)"
grep -q 'limit=300&offset=901 ' requests || fail "offsets: $(cat requests)"
fetch holes 0 got.csv --page-size 300
[ "$(wc -l <got.csv)" -eq 1218 ] || fail "a short page ended the window: $(wc -l <got.csv)"

shows "compressed, in chunks, redirected, in QuakeML: the same catalogue"
for how in gzip chunked redirect type=text-html; do
    fetch "$how" 0 got.csv
    cmp want.csv got.csv || fail "$how"
done
fetch xml 0 got.csv --format xml --page-size 500
cmp <(sed 's/^ev/smi:t\/ev/; s/^\([^,]*\)/\1/' want.csv) <(sed 's/?a=1&b=2,/,/' got.csv) || fail "QuakeML"

shows "as it came: every line, every element"
fetch paged3 0 raw.txt --page-size 400
[ "$(wc -l <raw.txt)" -eq 1238 ] || fail "$(wc -l <raw.txt) lines"
grep -c '^#' raw.txt | grep -qx 1 || fail "headers"
expect 0 etas catalog convert raw.txt -o got.csv
cmp want.csv got.csv
fetch paged4 0 raw.xml --page-size 400
grep -q 'catalog:eventid="ev00007"' raw.xml || fail "attributes of others are lost"
expect 0 etas catalog convert raw.xml -o got.csv
[ "$(wc -l <got.csv)" -eq 1221 ] || fail "QuakeML: $(wc -l <got.csv) lines"
if command -v xmllint >/dev/null; then xmllint --noout raw.xml; fi

shows "areas: boxes across 180 degrees, circles and polygons are cut here too"
fetch plain 0 got.csv --box=-20,10,170,-170
awk -F, 'NR == 1 || ($2 >= -20 && $2 <= 10 && ($3 >= 170 || $3 <= -170))' want.csv | cmp - got.csv
[ "$(wc -l <got.csv)" -gt 10 ] || fail "box: $(wc -l <got.csv)"
fetch plain 0 got.csv --circle 10,20,1500
awk -F, 'function rad(x) { return x * atan2(0, -1) / 180 }
    NR == 1 { print; next }
    { a = sin(rad(($2 - 10) / 2)) ^ 2 + cos(rad(10)) * cos(rad($2)) * sin(rad(($3 - 20) / 2)) ^ 2
      if (2 * 6378.1 * atan2(sqrt(a), sqrt(1 - a)) <= 1500) print }' want.csv | cmp - got.csv
[ "$(wc -l <got.csv)" -gt 3 ] || fail "circle: $(wc -l <got.csv)"
complains 'outside the area'
echo 'POLYGON((0 0, 60 0, 0 50, 0 0))' >triangle.wkt
fetch plain 0 got.csv --polygon triangle.wkt
awk -F, 'NR == 1 || ($2 >= 0 && $3 >= 0 && $3 / 60 + $2 / 50 <= 1)' want.csv | cmp - got.csv
[ "$(wc -l <got.csv)" -gt 5 ] || fail "polygon: $(wc -l <got.csv)"
fetch plain 0 got.csv --min-magnitude 4.5 --query eventtype='a b'
awk -F, 'NR == 1 || $5 >= 4.5' want.csv | cmp - got.csv
grep -q 'minmagnitude=4.5&eventtype=a%20b&' requests || fail "$(cat requests)"

shows "no data is an empty catalogue: 204, or 404 that says so"
for how in plain status=404; do
    fetch $how 0 none.csv --min-magnitude 9
    [ "$(cat none.csv)" = id,latitude,longitude,time,magnitude ] || fail "$(cat none.csv)"
    complains 'the service has no such events'
done
fetch plain 0 none.xml --min-magnitude 9
expect 0 etas catalog info none.xml
fetch status=404,say=Not+Found 1 no.csv
complains 'HTTP status 404' "$url"

shows "what passes is tried again: busy, cut off, reset, silent, garbage, apologies in HTML"
for how in status=503x2 status=429x1,after=1 status=500x3 status=504x1 cut=2 cut-open=2 reset=2 stall=1 garbage=2 html=2 nothing=1; do
    fetch "$how" 0 got.csv --stall 1s
    cmp want.csv got.csv || fail "$how"
    complains 'trying again in'
done
fetch cut=1 0 got.csv --format xml
[ "$(wc -l <got.csv)" -eq 1221 ] || fail "a cut document was taken"
fetch status=503x1,after=date 0 got.csv
grep -Eq 'trying again in [12] s' stderr || fail "Retry-After as a date: $(cat stderr)"

shows "patience ends, with the reason; what will not pass is not tried again"
mapfile -t there < <(find . -mindepth 1 -printf '%P\n')
gone() {
    local how=$1 requests=$2 text=$3

    shift 3
    fetch "$how" 1 no.csv "$@"
    [ "$(n_requests)" -eq "$requests" ] || fail "$how: $(n_requests) requests"
    complains "$text"
    only_files . "${there[@]}"
}
gone status=503 3 '(after 3 tries)' --retries 2
gone status=429,after=3600 1 'left alone for 3600 s'
gone html=9 3 'not FDSN event text' --retries 1000
gone garbage=9 3 'byte 0' --retries 1000
gone nothing=9 3 'is empty' --retries 1000
gone status=403,say=key+needed 1 'key needed'
gone status=400,say=bad+parameter 1 'bad parameter'
gone away 1 'not supported'
fetch loop 1 no.csv
complains 'redirect'
[ "$(n_requests)" -le 7 ] || fail "$(n_requests) redirects"
fetch too-many=0 1 no.csv --end 2020-01-01T00:00:08
complains 'the second from 2020-01-01T00:00:0'
expect 1 etas catalog fetch --fdsn http://127.0.0.1:1 --start 2020-01-01 -o no.csv
one_line

shows "killed and started again it asks only for what is missing"
: >requests
etas catalog fetch --fdsn "$url/hang=3" --start 2020-01-01 --end 2022-01-01 -o long.csv --page-size 200 >killed.out 2>&1 &
victim=$!
children+=("$victim")
# shellcheck disable=SC2016 # expanded by the inner shell
wait_for "the fourth request" bash -c '[ "$(wc -l <requests)" -eq 4 ]'
kill -9 "$victim" || true
wait "$victim" 2>/dev/null || true
[ ! -e long.csv ] || fail "a part of a catalogue has the final name"
ls long.csv.pieces >pieces
[ "$(grep -c events pieces)" -eq 3 ] || fail "$(cat pieces)"
again=(etas catalog fetch --start 2020-01-01 --end 2022-01-01 -o long.csv --page-size 200 --progress none)
expect 1 "${again[@]}" --fdsn "$url/hang=3" --min-magnitude 3
complains 'long.csv.pieces' 'another query'
# the pieces are of a server that hangs: give them to one that goes on
sed -i 's/hang=3/plain/' long.csv.pieces/query
: >requests
expect 0 "${again[@]}" --fdsn "$url/plain"
[ "$(n_requests)" -eq 5 ] || fail "$(cat requests)"
grep -q 'offset=601 ' requests || fail "$(cat requests)"
cmp want.csv long.csv
[ ! -e long.csv.pieces ] || fail "pieces stay behind"

shows "an interrupt keeps the pieces; without --end they say which now was meant; --restart begins anew"
: >requests
etas catalog fetch --fdsn "$url/hang=1" --start 2020-01-01 -o now.csv >now.log 2>&1 &
victim=$!
children+=("$victim")
# shellcheck disable=SC2016
wait_for "the second request" bash -c '[ "$(wc -l <requests)" -eq 2 ]'
kill -INT "$victim"
code=0
wait "$victim" || code=$?
[ "$code" -eq 130 ] || fail "exit code $code"
grep -q 'goes on from there' now.log || fail "$(cat now.log)"
end=$(tail -n 1 now.csv.pieces/query)
sed -i 's/hang=1/plain/' now.csv.pieces/query
expect 0 etas catalog fetch --fdsn "$url/plain" --start 2020-01-01 -o now.csv
complains "$(date -u -d "@$((end / 1000000000))" +%Y-%m-%dT%H:%M:%S)" '1 pieces from before'
mkdir other.csv.pieces
echo other >other.csv.pieces/query
fetch plain 1 other.csv
fetch plain 0 other.csv --restart
cmp want.csv other.csv

shows "mistakes get one line and exit code 2"
wrong() {
    local text=$1

    shift
    expect 2 etas catalog fetch "$@"
    complains "$text"
    one_line
}
there=(--fdsn "$url/plain" --start 2020-01-01)
wrong 'no service' --start 2020-01-01 -o x.csv
wrong 'no beginning' --fdsn usgs -o x.csv
wrong 'no output' "${there[@]}"
wrong 'beside a file' "${there[@]}" -o -
wrong '.quakeml' "${there[@]}" -o x.h5
wrong 'does not fit' "${there[@]}" -o x.xml --format text
wrong 'is not text or xml' "${there[@]}" -o x.csv --format json
wrong 'no service' --fdsn ftp://x --start 2020-01-01 -o x.csv
wrong 'a user' --fdsn https://me:secret@x --start 2020-01-01 -o x.csv
wrong 'usgs and isc' --fdsn iris --start 2020-01-01 -o x.csv
wrong '--box' "${there[@]}" -o x.csv --box 1,2,3
wrong '--box: latitudes' "${there[@]}" -o x.csv --box 5,2,3,4
wrong '--circle' "${there[@]}" -o x.csv --circle 1,2,-3
wrong 'not two of them' "${there[@]}" -o x.csv --circle 1,2,3 --box 1,2,3,4
wrong '--end is not after' "${there[@]}" -o x.csv --end 2019-01-01
wrong 'other options set' "${there[@]}" -o x.csv --query limit=3
wrong '--page-size' "${there[@]}" -o x.csv --page-size 0
if grep -q secret stderr; then fail "a password was printed"; fi
expect 1 etas catalog fetch "${there[@]}" -o x.csv --polygon nowhere.json
complains 'nowhere.json'
expect 1 etas catalog fetch "${there[@]}" -o x.csv --cacert nowhere.pem --fdsn https://127.0.0.1:1
[ ! -e x.csv ] || fail "x.csv is there"
expect 1 etas catalog fetch "${there[@]}" -o /proc/x.csv
one_line
done_testing
