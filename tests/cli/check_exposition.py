#!/usr/bin/env python3
"""Reads Prometheus' text format 0.0.4 from stdin, strictly, and prints the samples as a JSON object.

Beyond the format it asks for what promtool's linter asks: help for every family, counters (and nothing else) that end
in _total, base units, no sample twice, families in one piece.
"""
import json
import math
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)')
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (NaN|[+-]Inf|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")


def fail(number, line, why):
    sys.exit(f"line {number}: {why}: {line}")


def labels(number, line, text):
    out, at = {}, 0
    while at < len(text):
        match = LABEL.match(text, at)
        if not match:
            fail(number, line, "labels")
        if match[1] in out or match[1].startswith("__"):
            fail(number, line, "a label twice, or a reserved one")
        out[match[1]] = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], match[2])
        at = match.end()
        if match[3] == "," and at == len(text):
            fail(number, line, "a comma at the end")
    return out


def main():
    text = sys.stdin.buffer.read().decode("utf-8")
    if not text.endswith("\n"):
        sys.exit("the last line has no end")
    done, samples, family, helped, kind = set(), {}, None, None, None
    for number, line in enumerate(text[:-1].split("\n"), 1):
        if line.startswith("# HELP "):
            match = re.fullmatch(rf"# HELP ({NAME}) (\S.*)", line)
            if not match or re.search(r"\\(?![\\n])", match[2]) or match[1] in done:
                fail(number, line, "HELP")
            helped, family = match[1], None
            done.add(helped)
        elif line.startswith("# TYPE "):
            match = re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge)", line)
            if not match or match[1] != helped:
                fail(number, line, "TYPE")
            family, kind = match[1], match[2]
            if (kind == "counter") != family.endswith("_total"):
                fail(number, line, "the counters end in _total, and nothing else does")
            if re.search(r"_(ms|minutes|hours|kib|mib|percent)(_|$)", family):
                fail(number, line, "no base unit")
        else:
            match = SAMPLE.fullmatch(line)
            if not match:
                fail(number, line, "no sample")
            if match[1] != family:
                fail(number, line, "a sample outside its family")
            key = family + json.dumps(labels(number, line, match[2] or ""), sort_keys=True)
            if key in samples:
                fail(number, line, "a sample twice")
            value = float(match[3].replace("Inf", "inf"))
            if kind == "counter" and not (math.isfinite(value) and value >= 0):
                fail(number, line, "a counter that is no count")
            samples[key] = match[3]
    json.dump(samples, sys.stdout, indent=1, sort_keys=True)


main()
