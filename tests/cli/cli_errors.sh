#!/usr/bin/env bash
# Wrong on purpose: each mistake gets one clear line, the right exit code, and leaves nothing behind.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

mkdir in
cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json,forecast.json} in/

# try FILE...: a forecast of in/forecast.json in the empty folder out, which must stay empty.
try() {
    rm -rf out
    mkdir out
    (cd out && expect 1 etas forecast ../in/forecast.json -n 10 --seed 1 -o result.csv && mv stdout stderr ..)
    [ ! -s stdout ] || fail "an error wrote to stdout"
    grep -v '^estimator ' stderr >errors || true
    mv errors stderr
    one_line
    only_files out
}

# edit SED: in/forecast.json is the example with one change.
edit() {
    sed "$1" "$ETAS_SOURCE/examples/forecast.json" >in/forecast.json
}

shows "a missing configuration"
expect 1 etas forecast nowhere.json -o x.csv
complains 'nowhere.json' 'No such file'
one_line

shows "a missing catalogue names the file"
edit 's/"catalog.csv"/"absent.csv"/'
try
complains 'absent.csv' 'No such file'

shows "bad JSON names line and column"
edit 's/"mc": 3.6,/"mc": 3.6;/'
try
complains 'forecast.json:10:'

shows "an unknown key is warned about by name, with the likely one"
edit 's/"m_max"/"m_maxx"/'
expect 0 etas forecast in/forecast.json -n 10 --seed 1 -o warned.csv
complains 'm_maxx' 'm_max'

shows "a missing key, a key of the wrong type, a value out of range"
edit '/"timewindow_end"/d'
try
complains 'forecast.json' 'timewindow_end'
edit 's/"mc": 3.6/"mc": "high"/'
try
complains '"mc"' 'high'
edit 's/"forecast_duration": 30/"forecast_duration": -3/'
try
complains 'forecast_duration'

shows "a value with a newline does not break the line"
edit 's/"mc": 3.6/"mc": "3\\n6\\u001b"/'
try
complains '"mc"' '3\n6\u001b'

shows "a feature that a simulation does not have is refused by name when it is switched on"
edit 's/"m_max"/"three_dim": true, "m_max"/'
try
complains 'three_dim' 'on the surface of the globe'

# refuse TEXT...: an inversion of in/forecast.json in the empty folder out, which must stay empty.
refuse() {
    rm -rf out
    mkdir out
    (cd out && expect 1 etas invert ../in/forecast.json -o . && mv stdout stderr ..)
    [ ! -s stdout ] || fail "an error wrote to stdout"
    sed -i '/^estimator /d' stderr
    one_line
    only_files out
    complains "$@"
}

shows "settings of an inversion that contradict each other name key and reason"
edit 's/"mc": 3.6/"mc": "var"/'
refuse 'forecast.json' '"m_ref": missing; "mc": "var" needs this key'
edit 's/"mc": 3.6/"mc": "variable"/'
refuse 'forecast.json:10' '"mc": found the string "variable", expected a number, "var" or "positive"'
edit 's/"m_max"/"fixed_parameters": {"alhpa": 1}, "m_max"/'
refuse '"alhpa": no such parameter' 'alpha'
edit 's/"m_max"/"fixed_parameters": {"rho": 7}, "m_max"/'
refuse '"rho": 7 is not within [0.01, 5]'
edit 's/"m_max"/"fixed_parameters": {"log10_iota": -7}, "m_max"/'
refuse '"log10_iota": cannot be fixed: without "bg_term" there is no induced term'
edit 's/"m_max"/"fixed_parameters": {"a": 2}, "free_productivity": true, "m_max"/'
refuse '"a": cannot be fixed: "free_productivity"'
edit 's/"m_max"/"three_dim": true, "m_max"/; /shape_coords/d'
refuse '"three_dim": needs "shape_coords"'

shows "a column that an option needs is named, with the option"
edit 's/"mc": 3.6/"mc": "var", "m_ref": 3.6/'
refuse 'catalog.csv:1' '"mc_current": there is no such column' '"mc" needs it'
edit 's/"m_max"/"bg_term": "rate", "m_max"/'
refuse 'catalog.csv:1' '"rate": there is no such column' '"bg_term" needs it'

# with_column NAME VALUE: the example's catalogue with one more column.
with_column() {
    awk -F, -v OFS=, -v name="$1" -v value="$2" 'NR == 1 { print $0, name; next } { print $0, NR == 2000 ? value : 1 }' \
        "$ETAS_SOURCE/examples/catalog.csv" >in/catalog.csv
}

shows "a bad value in such a column names event, column and key"
with_column rate ''
refuse 'catalog.csv: "rate": event ' 'has none; "bg_term" needs a number'
with_column rate -0.5
refuse '"rate": event ' 'has a negative one'
sed -i '2,$s/,[^,]*$/,0/' in/catalog.csv
refuse '"rate": no target has a value above 0'
with_column mc_current ''
edit 's/"mc": 3.6/"mc": "var", "m_ref": 3.6/'
refuse 'catalog.csv: event ' 'has no completeness magnitude'
for value in -inf -1000; do
    with_column mc_current $value
    refuse 'catalog.csv: event ' 'has no completeness magnitude of -10 or more'
done
cp "$ETAS_SOURCE/examples/catalog.csv" in/

shows "thresholds that leave nothing, or promise too much, are warned about"
edit 's/"m_max": 7.9/"m_max": 7.9, "m_threshold": 3.0/'
expect 0 etas forecast in/forecast.json -n 10 --seed 1 -o warned.csv
complains '"m_threshold" (3) lies below mc (3.6)'
edit 's/"m_max": 7.9/"m_max": 7.9, "m_threshold": 8/'
expect 0 etas forecast in/forecast.json -n 10 --seed 1 -o warned.csv
complains '"m_threshold" (8) lies above m_max (7.9)'

shows "a catalogue of which nothing is left names itself and the conditions"
edit ''
sed -i 2,5000d in/catalog.csv
try
complains 'in/catalog.csv' '0 events' 'mc (3.6)'
cp "$ETAS_SOURCE/examples/catalog.csv" in/

shows "a misspelt column names the one that is missing"
edit ''
sed -i '1s/magnitude/magnitud/' in/catalog.csv
try
complains 'catalog.csv:1' 'magnitude' 'magnitud'

shows "a broken time names line and column"
cp "$ETAS_SOURCE/examples/catalog.csv" in/
sed -i '8s/-\([0-9][0-9]\) /-45 /' in/catalog.csv
try
complains 'catalog.csv:8:' 'time'

shows "a row that ends too early"
cp "$ETAS_SOURCE/examples/catalog.csv" in/
sed -i '5s/,.*//' in/catalog.csv
try
complains 'catalog.csv:5'
cp "$ETAS_SOURCE/examples/catalog.csv" in/

shows "a region that crosses itself names the place"
echo '[[32, -120], [40, -114], [40, -120], [32, -114]]' >in/region.json
try
complains 'region.json' 'ntersection at lat 36, lon -117'
cp "$ETAS_SOURCE/examples/region.json" in/

shows "a folder without write permission"
if [ "$(id -u)" -eq 0 ]; then
    as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    chmod 755 "$work" && chmod -R a+rX in
else
    as_user=()
fi
mkdir -m 555 locked
code=0
(cd locked && "${as_user[@]}" "$ETAS_BIN/etas" forecast ../in/forecast.json -n 10 --seed 1 -o result.csv) \
    >stdout 2>stderr || code=$?
[ $code -eq 1 ] || fail "exit code $code for a locked folder"
complains 'result.csv' 'Permission denied'
one_line
only_files locked

shows "a full disk: an error and no partial file, whether the store or the forecast fills it"
if [ "$(id -u)" -eq 0 ] && mkdir full && mount -t tmpfs -o size=4m tmpfs full 2>/dev/null; then
    mounted=$work/full
    (cd full && expect 1 etas forecast ../in/forecast.json -n 200000 --seed 1 -o result.csv && mv stdout stderr ..)
    complains 'full' 'result.csv'
    rm -r full/output # the inversion's results, which were complete
    if grep -q 'are stored in result.csv.store: go on with --resume' stderr; then
        rm -f full/result.csv.store* # what came before the disk was full, to go on with
    fi
    only_files full
    (cd full && expect 1 etas forecast ../in/forecast.json -n 10000 --seed 1 -o result.csv && mv stdout stderr ..)
    complains 'No space left' 'result.csv' '--resume'
    rm -r full/output
    only_files full result.csv.store
    umount full
    mounted=
else
    echo "  (no tmpfs can be mounted here: not shown)"
fi

shows "a password that is wrong, and one that is missing"
start_redis r1 --requirepass secret
expect 1 etas-redis-manager info --socket r1/redis.sock
complains 'r1/redis.sock'
one_line
echo wrong >password && chmod 600 password
expect 1 etas-redis-worker --socket r1/redis.sock --password-file password --processes 1
complains 'r1/redis.sock'
grep -q wrong stderr && fail "the password was shown"
try_redis() {
    rm -rf out && mkdir out
    (cd out && expect 1 etas forecast ../in/forecast.json -n 10 --seed 1 -o result.csv "$@" && mv stdout stderr ..)
}
try_redis --socket ../r1/redis.sock --password-file ../password
complains 'r1/redis.sock'

shows "a server that may evict keys is refused with the reason"
start_redis r2 --maxmemory 100mb --maxmemory-policy allkeys-lru
try_redis --socket ../r2/redis.sock
complains 'allkeys-lru' 'noeviction'
expect 1 etas-redis-worker --socket r2/redis.sock --processes 1
complains 'allkeys-lru' 'noeviction'

shows "a worker of another protocol version says so and leaves"
start_redis r3
redis-cli -s r3/redis.sock hset 'etas:{default}:versions' 0123456789abcdef0123456789abcdef "2 9.9.9 7 $(date +%s%3N)" >/dev/null
expect 1 etas-redis-worker --socket r3/redis.sock --processes 1
complains 'protocol' '2'

shows "no server: one line with host, port and why"
expect 1 etas-redis-manager info --host 127.0.0.1 --port 1
complains '127.0.0.1:1' 'refused'
one_line
done_testing
