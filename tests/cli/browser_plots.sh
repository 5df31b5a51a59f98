#!/usr/bin/env bash
# Drawings in a real browser, at the width of a phone and of a desk: no text lies on another, none leaves the drawing.
# Screenshots are kept in ETAS_SCREENSHOTS, when that names a folder.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

command -v chromium >/dev/null || {
    echo "no chromium"
    exit 77
}
shots=${ETAS_SCREENSHOTS:-$work}

# browse URL OPTIONS...
browse() {
    HOME=$work timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
        --user-data-dir="$work/profile" --enable-logging=stderr --virtual-time-budget=5000 "${@:2}" "$1" 2>chromium.log
    ! grep CONSOLE chromium.log || fail "the browser complains"
}

# page FILE SVG...: all drawings in one page, with a script that says which texts meet
page() {
    local out=$1 svg

    shift
    {
        echo '<!doctype html><meta charset="utf-8"><style>body{margin:0}svg{display:block;width:100%}</style>'
        for svg in "$@"; do
            cat "$svg"
        done
        cat <<'SCRIPT'
<pre id="found"></pre><script>
const found = [];
for (const svg of document.querySelectorAll("svg")) {
  const frame = svg.getBoundingClientRect(), texts = [...svg.querySelectorAll("text")];
  const boxes = texts.map(t => t.getBoundingClientRect());
  // Lines of letters are higher than what is drawn of them.
  const inner = b => ({l: b.left + 0.5, r: b.right - 0.5, t: b.top + 0.15 * b.height, b: b.bottom - 0.15 * b.height});
  const turned = t => t.hasAttribute("transform");
  boxes.forEach((a, i) => {
    const name = svg.querySelector("title").textContent + ": \"" + texts[i].textContent + "\"";
    if (a.left < frame.left - 0.5 || a.right > frame.right + 0.5 || a.top < frame.top - 0.5 || a.bottom > frame.bottom + 0.5)
      found.push(name + " leaves the drawing");
    const p = turned(texts[i]) ? {l: a.left, r: a.right, t: a.top, b: a.bottom} : inner(a);
    for (let k = 0; k < i; k++) {
      const c = boxes[k], q = turned(texts[k]) ? {l: c.left, r: c.right, t: c.top, b: c.bottom} : inner(c);
      if (p.l < q.r && q.l < p.r && p.t < q.b && q.t < p.b) found.push(name + " lies on \"" + texts[k].textContent + "\"");
    }
  });
  const size = Math.min(...texts.map(t => parseFloat(t.getAttribute("font-size")))) * frame.width / svg.viewBox.baseVal.width;
  if (frame.width > 355 && size < 9) found.push(svg.querySelector("title").textContent + ": letters of " + size.toFixed(1) + " pixels");
}
document.getElementById("found").textContent =
  "CHECKED " + document.querySelectorAll("svg text").length + " texts\n" + found.join("\n");
</script>
SCRIPT
    } >"$out"
}

# check WIDTH PAGE NAME
check() {
    browse "file://$PWD/$2" "--window-size=$1,3000" --dump-dom >dom.html
    sed -n '/<pre id="found">/,/<\/pre>/p' dom.html | sed 's/<[^>]*>//g' >found
    [ "$(sed -n 's/^CHECKED \([0-9]*\) texts$/\1/p' found)" -ge "$4" ] || fail "$3: the script has not run: $(cat found)"
    [ "$(grep -c . found)" -eq 1 ] || fail "$3 at $1 pixels: $(tail -n +2 found)"
    browse "file://$PWD/$2" "--window-size=$1,3000" "--screenshot=$shots/plots-$3-$1.png" >/dev/null
}

shows "the script finds texts that lie on each other"
cat >bad.svg <<'SVG'
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 100"><title>bad</title>
<text x="10" y="50" font-size="13">one text</text><text x="30" y="52" font-size="13">another</text><text x="380" y="80" font-size="13">leaves</text></svg>
SVG
page bad.html bad.svg
browse "file://$PWD/bad.html" --window-size=400,300 --dump-dom >dom.html
grep -q 'another" lies on "one text"' dom.html || fail "not found: $(tail -n 5 dom.html)"
grep -q '"leaves" leaves the drawing' dom.html || fail "not found: $(tail -n 5 dom.html)"

shows "figures of a fit and of a forecast, light and dark, small and large"
cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json,forecast.json} .
expect 0 etas forecast forecast.json -n 300 --seed 1 -o out.csv --distribute serial
expect 0 etas invert forecast.json -o results
for theme in light dark; do
    option=()
    [ $theme = light ] || option=(--dark)
    expect 0 etas plot fit results -o $theme "${option[@]}"
    expect 0 etas plot forecast out.csv -o $theme --observed catalog.csv "${option[@]}"
    page $theme.html $theme/*.svg
done
check 500 light.html light 100
check 1200 light.html light 100
check 1200 dark.html dark 100
# The window of a headless browser is not narrower than 500 pixels: the drawings' own width is.
sed 's/svg{display:block;width:100%}/svg{display:block;width:360px}/' light.html >phone.html
check 500 phone.html phone 100
done_testing
