#!/usr/bin/env bash
# The status page in a real browser: what it shows, without one complaint on the console. Screenshots are kept in
# ETAS_SCREENSHOTS, when that names a folder.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

command -v chromium >/dev/null || {
    echo "no chromium"
    exit 77
}
redis=(redis-cli -s r/redis.sock)
P='etas:{default}:v1:'
shots=${ETAS_SCREENSHOTS:-$work}

# browse URL OPTIONS...: the page after some refreshes. Its complaints go to console.log.
browse() {
    HOME=$work timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
        --user-data-dir="$work/profile" --enable-logging=stderr --virtual-time-budget=9000 "${@:2}" "$1" 2>chromium.log
    grep CONSOLE chromium.log >console.log || true
}
quiet() {
    [ ! -s console.log ] || fail "the console says: $(cat console.log)"
}
# page: what the browser has made of it, in page.html
page() {
    browse "$url" --dump-dom >page.html
    quiet
}
has() {
    grep -qF -- "$1" page.html || fail "the page lacks \"$1\": $(sed 's/<script>.*//; s/<[^>]*>/ /g' page.html | tail -n +20 | tr -s ' \n' ' ')"
}
picture() {
    browse "$url" "--window-size=$2,$3" "${@:4}" --screenshot="$shots/$1.png" >/dev/null
    quiet
    [ "$(wc -c <"$shots/$1.png")" -gt 10000 ] || fail "$1.png shows nothing"
}

shows "the browser tells of a complaint, so that none means something"
printf '<script>throw new Error("a complaint")</script>' >bad.html
browse "file://$work/bad.html" --dump-dom >/dev/null
grep -q 'a complaint' console.log || fail "not told: $(cat chromium.log)"

start_redis r
etas-redis-manager serve --port 0 --socket r/redis.sock >url 2>serve.log &
children+=($!)
wait_for "the page's address" grep -q '^http' url
url=$(cat url)

shows "an empty pool"
page
has '>Connected since '
has 'No run. A forecast that starts on this pool appears here.'
has '/redis.sock, Redis 7'

shows "a pool at work"
etas-redis-worker --socket r/redis.sock --processes 2 >worker.log 2>&1 &
children+=($!)
make_long_config
etas forecast config.json -n 100000000 --seed 3 -o pool.csv --socket r/redis.sock --task-duration 1s >driver.out 2>driver.log &
driver=$!
children+=("$driver")
wait_for "points of the chart" sh -c "curl -s ${url}api/history | jq -e '[.rate[] | numbers | select(. > 0)] | length > 1'"
run=$(curl -sS "${url}api/info" | jq -r '.runs[0].id')
page
has "Run ${run:0:6}"
has '>running<'
has ' of 100,000,000 · '
has "<progress max=\"1\" aria-labelledby=\"run-$run\" value=\"0."
has ' of 256 MiB</span>'
has '<path class="curve" d="M'
has 'aria-labelledby="rate-text"'
grep -qE 'Catalogues per second: [0-9.,]+ now, [0-9.,]+ on average, [0-9.,]+ at most\.' page.html || fail "no text for the chart"
has "<th scope=\"row\">$(hostname | tr -c 'A-Za-z0-9._:+\n-' _)</th>"
has 'By agent (<span id="n-agents">1</span>)'
picture desktop 1200 1500
picture phone 400 2600
picture dark 1000 1500 --blink-settings=preferredColorScheme=0

shows "paused is said"
etas-redis-manager pause --socket r/redis.sock >/dev/null
sleep 3
page
has 'The pool is paused: nobody takes new work.'
etas-redis-manager resume --socket r/redis.sock >/dev/null

shows "names are text, whatever they hold"
kill -TERM $driver
wait $driver || true
"${redis[@]}" HSET "${P}run:$run" name '<img src=x onerror=alert(1)>"&amp;' >/dev/null
sleep 3
page
has '&lt;img src=x onerror=alert(1)&gt;"&amp;amp;, heard '

shows "without its Redis server the page says so, since when, and shows what it saw"
kill -9 "$redis_pid"
wait_for "it to miss the server" sh -c "curl -s ${url}api/status | jq -e '.up == false'"
page
grep -qE 'Redis is away since [0-9:]{8}: [^<]*redis.sock[^<]* What you see is as of [0-9:]{8}\.' page.html || fail "not said: $(grep -o '<p id="state".*' page.html)"
has "Run ${run:0:6}"
picture away 1000 1200
done_testing
