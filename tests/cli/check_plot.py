"""check_plot.py SVG CSV: what is drawn is what the CSV says. Prints the number of points compared.

The axes' own ticks, whose texts are known numbers at known places, give the scale; every row of the
series "data" must be the middle of a dot, in order, every row of "model" a point of a line.
"""
import csv
import math
import re
import sys
import xml.etree.ElementTree as ET

SVG = "{http://www.w3.org/2000/svg}"


def number(text):
    text = text.replace("\u2212", "-").replace(",", "")
    if "10^" in text:
        mantissa, exponent = text.split("10^")
        return float(mantissa.replace("\u00d7", "") or 1) * 10.0 ** float(exponent)
    return float(text)


def text_of(element):
    return (element.text or "") + "".join("^" + (t.text or "") for t in element)


def ticks(root, anchor):
    """Places and values of the texts on an axis: those below stand in one row, those beside end at one place."""
    found = {}
    for e in root.iter(SVG + "text"):
        if e.get("text-anchor") == anchor and "transform" not in e.attrib:
            try:
                value = number(text_of(e))
            except ValueError:
                continue
            row = e.get("y") if anchor == "middle" else e.get("x")
            size = float(e.get("font-size"))
            place = float(e.get("x")) if anchor == "middle" else float(e.get("y")) - 0.35 * size
            found.setdefault(row, []).append((place, value))
    return max(found.values(), key=len)


def scale(marks, logarithmic):
    f = math.log if logarithmic else float
    (p0, v0), (p1, v1) = min(marks), max(marks)
    for p, v in marks:
        want = p0 + (f(v) - f(v0)) / (f(v1) - f(v0)) * (p1 - p0)
        assert abs(p - want) < 0.05, (p, v, want)
    return lambda v: p0 + (f(v) - f(v0)) / (f(v1) - f(v0)) * (p1 - p0)


def points(path):
    return [tuple(map(float, m)) for m in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path.get("d"))]


def main(svg, table):
    root = ET.parse(svg).getroot()
    name = re.search(r"fit-(\w+)", root.find(SVG + "title").get("id")).group(1)
    x = scale(ticks(root, "middle"), name in ("time", "space"))
    y = scale(ticks(root, "end"), True)
    with open(table, newline="") as f:
        rows = list(csv.reader(f))
    assert rows[0][0] == "series", rows[0]
    paths = [points(p) for p in root.iter(SVG + "path")]
    dots = [p[::2] for p in paths if len(p) > 4 and p[::2] == p[1::2]]
    assert len(dots) == 1, len(dots)
    checked = 0

    def near(row, place):
        assert abs(x(float(row[1])) - place[0]) < 0.06 and abs(y(float(row[2])) - place[1]) < 0.06, (row, place)

    data = [r for r in rows[1:] if r[0] == "data" and float(r[2]) > 0]
    assert len(data) == len(dots[0]), (len(data), len(dots[0]))
    for row, place in zip(data, dots[0]):
        near(row, place)
        checked += 1
    for series in {r[0] for r in rows[1:]} - {"data"}:
        curve = [r for r in rows[1:] if r[0] == series]
        ends = [(x(float(r[1])), y(float(r[2]))) for r in (curve[0], curve[-1])]
        line = [p for p in paths if len(p) > 2 and all(abs(a - b) < 0.06 for i in (0, -1) for a, b in zip(p[i], ends[i]))]
        assert line, (series, ends)
        checked += len(curve)
    print(checked)


main(*sys.argv[1:])
