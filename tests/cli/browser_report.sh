#!/usr/bin/env bash
# A report in a real browser: at the width of a phone and of a desk, light and dark, on paper; nothing overlaps, is hard to
# read, or is asked for from elsewhere. Screenshots are kept in ETAS_SCREENSHOTS, when that names a folder.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

command -v chromium >/dev/null || {
    echo "no chromium"
    exit 77
}
shots=${ETAS_SCREENSHOTS:-$work}

# browse FILE OPTIONS...: complaints on the console go to console.log
browse() {
    HOME=$work timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --hide-scrollbars \
        --user-data-dir="$work/profile" --enable-logging=stderr --virtual-time-budget=3000 "${@:2}" "file://$work/$1" 2>chromium.log
    grep CONSOLE chromium.log >console.log || true
}
# frame PAGE WIDTH: frame.html with the page as wide as that, and what its probe says as text
frame() {
    cat >frame.html <<END
<!DOCTYPE html><meta charset="utf-8"><body style="margin:0"><iframe src="$1" style="border:0;width:$2px;height:12000px"></iframe><pre></pre>
<script>addEventListener("message", (e) => { document.querySelector("pre").textContent = e.data + "\nend of probe"; });</script>
END
}
# probe PAGE WIDTH OPTIONS...: what the probe says, in said
probe() {
    { sed '/<\/body>/,$d' "$1"; echo '<script>'; cat "$ETAS_SOURCE/tests/cli/report_probe.js"; echo '</script></body></html>'; } >probed.html
    frame probed.html "$2"
    browse frame.html --window-size=1400,1000 "${@:3}" --dump-dom >dom.html
    sed -n '/<pre>/,/<\/pre>/p' dom.html | sed 's/.*<pre>//; s/<\/pre>.*//' >said
    grep -q 'end of probe' said || fail "the probe did not run: $(cat console.log)"
}
# good PAGE NAME: at both widths, in both themes
good() {
    local width theme ground
    for width in 360 1280; do
        for theme in 0 1; do
            probe "$1" "$width" --blink-settings=preferredColorScheme=$theme
            [ ! -s console.log ] || fail "$2, $width: the console says: $(cat console.log)"
            ground=$(sed -n 's/^ground //p' said)
            [ "$ground" = "$([ $theme = 0 ] && echo 'rgb(18, 22, 28)' || echo 'rgb(246, 247, 249)')" ] || fail "$2: theme $theme is $ground"
            [ "$(wc -l <said)" -eq 2 ] || fail "$2, $width pixels, theme $theme: $(cat said)"
            [ -n "${ETAS_SCREENSHOTS:-}" ] || continue
            frame "$1" "$width"
            browse frame.html --window-size="$((width < 500 ? 500 : width)),$((width < 500 ? 9000 : 5500))" \
                --blink-settings=preferredColorScheme=$theme --screenshot="$shots/report-$2-$width-$theme.png" >/dev/null
        done
    done
}

shows "the probe tells of what is wrong, so that silence means something"
cat >bad.html <<'END'
<!DOCTYPE html><html><body style="background:#888"><div class="top"><button>nothing</button></div><p style="color:#777">grey on grey</p>
<figure><svg viewBox="0 0 100 50" width="300"><title>bad</title><text x="10" y="20" font-size="10">one text</text><text x="20" y="22" font-size="10">another</text>
<text x="95" y="40" font-size="8">outside</text><text x="50" y="45" font-size="2">small</text></svg></figure><div style="width:3000px">wide</div><img src="http://127.0.0.1:9/x.png">
</body></html>
END
probe bad.html 360
for what in '"one text" and "another" overlap' 'leaves the drawing' 'pixels wide' 'has a contrast of' 'changes no colours' 'letters of' 'asked for'; do
    grep -qF "$what" said || fail "not told: $what: $(cat said)"
done

cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json,forecast.json,generic.json} .

shows "the example with what was observed and its fit"
expect 0 etas forecast forecast.json -n 5000 --seed 1 -o f.csv --distribute serial --progress none
awk -F, 'NR == 1 || $6 == 5 { OFS = ","; if (NR > 1) $6 = 0; print }' f.csv >seen.csv
expect 0 etas report f.csv -o f.html --observed seen.csv --fit forecast.json --progress none
good f.html example

shows "a mixture, a single empty catalogue, a run that keeps counts"
expect 0 etas forecast generic.json --allow-supercritical -n 100 --seed 1 -o mix.csv --distribute serial
expect 0 etas report mix.csv -o mix.html --progress none
good mix.html mixture
jq '.m_threshold = 7.8' forecast.json >quiet.json
expect 0 etas forecast quiet.json -n 1 --seed 1 -o quiet.csv --distribute serial
expect 0 etas report quiet.csv -o quiet.html --progress none
good quiet.html quiet
expect 0 etas forecast forecast.json -n 500 --seed 1 -o counts.json --keep counts --distribute serial
expect 0 etas report counts.json -o counts.html --progress none
good counts.html counts

shows "on paper"
browse f.html --print-to-pdf="$shots/report.pdf" --no-pdf-header-footer >/dev/null
[ "$(head -c 4 "$shots/report.pdf")" = %PDF ] || fail "no PDF"
[ "$(wc -c <"$shots/report.pdf")" -gt 50000 ] || fail "the PDF shows nothing"
done_testing
