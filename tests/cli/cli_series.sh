#!/usr/bin/env bash
# Series of forecasts: the same bytes whoever makes them and however often they are interrupted,
# and nothing in a row of what was not known at its date.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json} .
cp "$ETAS_SOURCE/examples/forecast.json" config.json

# The last eight days of July 2019, with events on most of them; a refit at every third.
usual=(config.json --from 2019-07-24 --to 2019-08-01 -n 40 --refit-every 3 --seed 11
    --progress none --log-level warning)
series() {
    etas series "${usual[@]}" "$@"
}

same() {
    cmp "$1/series.csv" "$2/series.csv" || fail "$1 and $2 have other rows"
    cmp "$1/summary.json" "$2/summary.json" || fail "$1 and $2 have other summaries"
}

# cell FOLDER DATE COLUMN
cell() {
    python3 - "$@" <<'END'
import csv, sys
folder, date, column = sys.argv[1:]
print(next(r[column] for r in csv.DictReader(open(folder + "/series.csv")) if r["issue"].startswith(date)))
END
}

shows "a series has a row for every date, inversions at every third, and a summary"
expect 0 series -o serial --distribute serial
[ "$(wc -l <serial/series.csv)" -eq 9 ] || fail "$(cat serial/series.csv)"
[ "$(cut -d, -f4 serial/series.csv | tr '\n' ' ')" = "refit yes no no yes no no yes no " ] || fail "other refits"
[ "$(wc -l <serial/times.csv)" -eq 9 ] || fail "$(cat serial/times.csv)"
grep -q '^dates  *8, 0 failed, 3 inversions$' stdout || fail "$(cat stdout)"
python3 - <<'END' || fail "the numbers do not fit together"
import csv, json, math
rows = list(csv.DictReader(open("serial/series.csv")))
events = list(csv.DictReader(open("catalog.csv")))
for r in rows:
    n = sum(r["issue"] <= e["time"].replace(" ", "T") < r["end"] for e in events)
    assert int(r["observed"]) == n and (r["observed_max"] != "") == (n > 0), r
    least = 1 - float(r["delta_1"])  # of catalogues with fewer events
    share = float(r["delta_1"]) + float(r["delta_2"]) - 1
    assert 0 <= least <= 1 and (abs(share) < 1e-9) == (r["log_score"] == "-inf")
    assert abs(share) < 1e-9 or abs(math.log(share) - float(r["log_score"])) < 1e-9
    days = (lambda d: (d - __import__("datetime").datetime(1995, 1, 1)).total_seconds() / 86400)(
        __import__("datetime").datetime.fromisoformat(r["issue"]))
    before = sum("1995" <= e["time"] and e["time"].replace(" ", "T") < r["issue"] for e in events)
    mu, m = before / days, float(r["mean"])
    assert abs(mu / float(r["baseline_mean"]) - 1) < 1e-12
    assert abs(n * math.log(mu) - mu - math.lgamma(n + 1) - float(r["baseline_log_score"])) < 1e-9
    if m > 0:
        assert abs(n * math.log(m / mu) - (m - mu) - float(r["information_gain"])) < 1e-9
assert sum(int(r["observed"]) for r in rows) > 0 and any(r["observed"] == "0" for r in rows)
s = json.load(open("serial/summary.json"))
assert s["observed"] == sum(int(r["observed"]) for r in rows)
assert abs(s["expected"] - sum(float(r["mean"]) for r in rows)) < 1e-9
inside = sum(int(r["q2.5"]) <= int(r["observed"]) <= int(r["q97.5"]) for r in rows)
assert s["share_inside_95"] == inside / len(rows)
# A fraction of P(N = observed) that the date's sum gives makes the numbers uniform.
import hashlib
u = []
for r in rows:
    v = int(hashlib.sha256(f"11 {r['issue']}".encode()).hexdigest()[16:32], 16) / 2**64
    u.append(1 - float(r["delta_1"]) + v * (float(r["delta_1"]) + float(r["delta_2"]) - 1))
u.sort()
d = max(max((i + 1) / len(u) - x, x - i / len(u)) for i, x in enumerate(u))
assert abs(s["number_test"]["randomised"]["ks_distance"] - d) < 1e-9, d
END

shows "a row is the forecast of etas forecast for that date and with the row's seed"
expect 0 series -o kept --keep-stores --distribute serial
same serial kept
sed 's/2020-01-01/2019-07-27/; s/"forecast_duration": 30/"forecast_duration": 1/' config.json >one.json
expect 0 etas forecast one.json -n 40 --seed "$(cell serial 2019-07-27 seed)" -o one.csv --progress none
expect 0 etas export kept/stores/2019-07-27T00:00:00.store -o exported.csv
cmp one.csv exported.csv || fail "other catalogues"
[ "$(printf '11 2019-07-27T00:00:00' | sha256sum | cut -c1-16)" = "$(printf '%016x' "$(cell serial 2019-07-27 seed)")" ] ||
    fail "the seed is not made as documented"

shows "its tests are those of etas evaluate"
for date in 27 28 31; do
    expect 0 etas evaluate kept/stores/2019-07-${date}T00:00:00.store --observed catalog.csv --tests n,m,s,pl --json
    python3 - $date <<'END' || fail "other results for the ${date}th"
import csv, json, sys
row = next(r for r in csv.DictReader(open("kept/series.csv")) if r["issue"].startswith("2019-07-" + sys.argv[1]))
results = json.load(open("stdout"))["tests"]
for prefix, name in (("", "Catalog N-Test"), ("m_", "M-Test"), ("s_", "S-Test"), ("pl_", "PL-Test")):
    t = next(t for t in results if t["name"] == name)
    assert prefix == "" or row[prefix + "status"] == t["status"], (row, t)
    for k in (0, 1):
        text = row[f"{prefix}delta_{k + 1}"]
        assert t["quantile"][k] == -1 if text == "" else abs(float(text) - t["quantile"][k]) < 1e-9, (row, t)
END
done

shows "processes and a private pool make the same bytes, in one go or date by date"
expect 0 series -o processes --processes 2
same serial processes
expect 0 series -o pool --embedded --processes 2
same serial pool
for date in 24 26 31; do
    expect 0 series --only 2019-07-$date
    grep "^issue\|^2019-07-$date" serial/series.csv | cmp - stdout || fail "--only 2019-07-$date"
done
[ ! -e output/series_example ] || fail "--only leaves files"

shows "whatever is left of a table, the series goes on from there to the same bytes"
whole=$(stat -c %s serial/series.csv)
header=$(head -1 serial/series.csv | wc -c)
for length in 10 "$header" $((header + 30)) $((whole - 1)) "$whole"; do
    rm -rf cut
    cp -r serial cut
    rm cut/summary.json
    truncate -s "$length" cut/series.csv
    expect 1 series -o cut
    complains '--resume' '--restart'
    expect 0 series -o cut --resume
    same serial cut
done

shows "killed in the middle and started again: the same bytes"
has_rows() { [ "$(wc -l <killed/series.csv)" -ge 3 ]; }
expect 0 series -o longer --to 2019-08-09 --refit-every 1
etas series "${usual[@]}" -o killed --to 2019-08-09 --refit-every 1 --processes 2 >killed.log 2>&1 &
children+=($!)
wait_for "rows" has_rows
kill -9 $! 2>/dev/null || true
wait $! 2>/dev/null || true
expect 0 series -o killed --to 2019-08-09 --refit-every 1 --resume
same longer killed

shows "a series grows, and goes on without its seed; other settings are refused by name"
expect 0 series -o growing --to 2019-07-28
expect 0 etas series config.json --from 2019-07-24 --to 2019-08-01 -n 40 --refit-every 3 -o growing --resume --progress none
same serial growing
expect 1 series -o growing -n 41 --resume
complains 'growing/series.json' '-n'
expect 1 series -o growing --horizon 2d --resume
complains '--horizon'
sed 's/"m_max": 7.9/"m_max": 7.8/' config.json >other.json
expect 1 etas series other.json --from 2019-07-24 --to 2019-08-01 -n 40 --refit-every 3 -o growing --resume
complains 'configuration'
expect 1 series -o nowhere --resume
complains 'nowhere holds no series'
sed -i '3s/^2019/2018/' growing/series.csv
expect 1 series -o growing --resume
complains 'growing/series.csv:3' '2019-07-25'
expect 0 series -o growing --restart
same serial growing

shows "what happens at a date or after it changes no forecast of that date and no earlier row"
cp catalog.csv original.csv
echo '99999,37.5,-120.5,6.8,2019-07-28 00:00:00.000000,0' >>catalog.csv
sed -i '/,2019-07-3[01] /d; /,2019-08/d' catalog.csv
expect 0 series -o changed
head -5 serial/series.csv | cmp - <(head -5 changed/series.csv) || fail "an earlier row changed"
[ "$(cell changed 2019-07-28 observed_max)" = 6.8 ] || fail "the new event was not observed"
for column in n_history log10_mu beta mean q97.5 p_3.6 p_5 baseline_mean; do
    [ "$(cell serial 2019-07-28 $column)" = "$(cell changed 2019-07-28 $column)" ] || fail "$column of the date itself changed"
done
[ "$(cell serial 2019-07-29 mean)" != "$(cell changed 2019-07-29 mean)" ] || fail "the event triggers nothing"
[ "$(cell serial 2019-07-29 log10_mu)" = "$(cell changed 2019-07-29 log10_mu)" ] || fail "parameters of the 27th changed"
[ "$(cell serial 2019-07-30 log10_mu)" != "$(cell changed 2019-07-30 log10_mu)" ] || fail "the inversion of the 30th does not see it"
expect 0 series -o growing --to 2019-08-02 --resume
complains 'catalog.csv has changed'
mv original.csv catalog.csv

shows "no refit: the parameters of the first date; without an inversion: those that are given"
expect 0 series -o once --refit-every 0
[ "$(cut -d, -f5 once/series.csv | sort -u | wc -l)" -eq 2 ] || fail "more than one inversion"
head -4 serial/series.csv | cut -d, -f6- | cmp - <(head -4 once/series.csv | cut -d, -f6-) || fail "other first rows"
python3 - "$ETAS_SOURCE/examples/generic.json" <<'END' >generic.json
import json, sys
c = json.load(open(sys.argv[1]))
c["models"][1] = dict(c["models"][0], name="with a weight", weight=3)
json.dump(c, sys.stdout, indent=1)
END
expect 0 etas series generic.json --from 2019-07-24 --to 2019-07-28 -n 20 --seed 1 -o given --progress none
[ "$(cell given 2019-07-27 fit_date)$(cell given 2019-07-27 log10_mu)" = "" ] || fail "an inversion of a mixture that is given"
sed 's/2020-01-01/2019-07-27/; s/"forecast_duration": 30/"forecast_duration": 1/' generic.json >one.json
expect 0 etas forecast one.json -n 20 --seed "$(cell given 2019-07-27 seed)" -o one.csv --progress none
[ "$(grep -oP '[0-9]+(?= events)' stdout)" -eq "$(cell given 2019-07-27 mean | awk '{ print $1 * 20 }')" ] || fail "$(cat stdout)"

shows "a date that cannot be forecast has a row with the reason, and the others are made"
expect 3 etas series config.json --from 1995-01-02 --to 2019-07-28 --every 8972d -n 20 --seed 1 --horizon 1d -o failing --progress none
complains 'of 2 dates have no forecast' 'failing/series.csv'
[ "$(cell failing 1995-01-02 status)" = failed ] || fail "$(cat failing/series.csv)"
[ -n "$(cell failing 1995-01-02 reason)" ] || fail "no reason: $(cat failing/series.csv)"
[ -n "$(cell failing 1995-01-02 log10_mu)" ] || fail "the parameters that lead to no forecast are not told"
[ "$(cell failing 2019-07-27 status)" = ok ] || fail "$(cat failing/series.csv)"

shows "one at a time, within its time, and on a disk that has room"
expect 3 series -o late --runtime 0.001s
complains 'go on with: etas series config.json' '--resume'
expect 0 series -o late --resume
same serial late
exec 9<late
flock 9
expect 1 series -o late --resume
complains 'another etas series is at work there'
exec 9<&-
mkdir small
if mount -t tmpfs -o size=8k tmpfs small 2>/dev/null; then
    mounted=$work/small
    expect 1 series -o small/s
    complains 'small/s' 'No space left'
fi

shows "what cannot be asked for"
expect 2 etas series config.json --from 2019-07-24
complains '--from DATE and --to DATE'
expect 2 series --to 2019-07-24
complains '--to is not after --from'
expect 2 series --every 0s
complains '--every'
expect 2 series --only 2019-07-24T12:00
complains '--only is not one of the dates'
expect 2 series -n 0
complains '-n 0'
expect 1 series --from 1994-01-01 -o no
complains 'timewindow_start' '--from'
expect 1 series -o no --thresholds 3,4
complains 'threshold'
sed 's/"mc": 3.6/"mc": 3.6, "filter_polygon": false/' config.json >whole.json
expect 1 etas series whole.json --from 2019-07-24 --to 2019-07-25 -o no
complains 'filter_polygon'
[ ! -e no ] || fail "a series that was refused leaves files"
[ ! -e no ] || fail "a series that was refused leaves files"
mkdir mine
cp config.json mine/series.json
sed 's/catalog.csv/mine\/times.csv/' config.json >mine/config.json
cp catalog.csv mine/times.csv
for name in series config; do
    expect 1 etas series mine/$name.json --from 2019-07-24 --to 2019-07-25 -n 1 --seed 1 -o mine --restart
    complains 'is an input'
done
cmp config.json mine/series.json || fail "the configuration was replaced"
touch file
expect 1 series -o file
complains 'file'
mv catalog.csv away.csv
expect 1 series -o no
complains 'catalog.csv'
mv away.csv catalog.csv
start_redis r --requirepass secret
expect 1 series -o no --socket r/redis.sock
complains 'r/redis.sock'
[ ! -e no ] || fail "a series without any row stays behind"
done_testing
