"""Rules for a Dockerfile, in the spirit of hadolint: check_dockerfile.py FILE... prints what is broken, exits 1."""
import json
import os
import re
import sys

import dockerfile

INSTRUCTIONS = set("FROM ARG ENV LABEL SHELL WORKDIR COPY RUN USER VOLUME STOPSIGNAL HEALTHCHECK CMD ENTRYPOINT "
                   "EXPOSE".split())
LABELS = ("title", "description", "version", "licenses", "base.name")


def exec_form(text):
    """The words of a command in exec form, or None."""
    try:
        words = json.loads(text)
    except ValueError:
        return None
    return words if isinstance(words, list) and words and all(isinstance(x, str) for x in words) else None


def check_run(item):
    if "apt-get install" in item.text:
        if not re.search(r"apt-get update\s*&&", item.text):
            yield "an installation without apt-get update in its layer"
        if "--no-install-recommends" not in item.text:
            yield "an installation with recommended packages"
        if not re.search(r"install\s+(-\S+\s+)*-y\b", item.text):
            yield "an installation that asks"
        if not item.text.endswith("rm -rf /var/lib/apt/lists/*"):
            yield "a layer that keeps the lists of packages"
        words = item.text.split("install", 1)[1].split("&&")[0].split()
        loose = [x for x in words if not x.startswith("-") and "=" not in x]
        if loose and "DL3008" not in item.ignored:
            yield f"packages without version: {' '.join(loose)}"
    if re.search(r"\bapt (install|update)|\bsudo\b|apt-get (dist-)?upgrade|\bcd /|(curl|wget) .*\|", item.text):
        yield "apt, sudo, an upgrade, cd or a download into a shell"
    if ";" in item.text:
        yield "commands after one another whose failure goes unseen (;)"


def check_stage(base, items, names, last):
    if base not in names and not re.search(r"@sha256:[0-9a-f]{64}$|:[a-z]+-20\d{6}(-slim)?$", base):
        yield 0, f"base {base} has neither digest nor date"
    shell = [x for x in items if x.name == "SHELL"]
    for item in items:
        if item.name not in INSTRUCTIONS:
            yield item.line, f"{item.name} is not for this file"
        if item.name == "RUN":
            for text in check_run(item):
                yield item.line, text
            if "|" in item.text.replace("||", "") and not (shell and "pipefail" in shell[0].text):
                yield item.line, "a pipe without pipefail"
        if item.name == "WORKDIR" and not item.text.startswith("/"):
            yield item.line, "a relative WORKDIR"
        if item.name in ("CMD", "ENTRYPOINT") and exec_form(item.text) is None:
            yield item.line, f"{item.name} is not in exec form"
        if item.name in ("ENV", "ARG") and re.search(r"PASS|SECRET|TOKEN|KEY", item.text, re.I):
            yield item.line, "a secret in the image"
    if last:
        yield from check_last(items)


def check_last(items):
    def of(name):
        return [x for x in items if x.name == name]

    users = of("USER")
    if not users or not re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", users[-1].text):
        yield 0, "the last user is root, or has no number"
    if len(of("CMD")) != 1 or len(of("HEALTHCHECK")) != 1 or len(of("STOPSIGNAL")) != 1:
        yield 0, "not one CMD, one HEALTHCHECK and one STOPSIGNAL"
    for item in of("HEALTHCHECK"):
        if exec_form(item.text.partition("CMD ")[2]) is None:
            yield item.line, "HEALTHCHECK is not in exec form"
    labels = " ".join(x.text for x in of("LABEL"))
    for name in LABELS:
        if f"org.opencontainers.image.{name}=" not in labels:
            yield 0, f"no label {name}"
    for item in of("RUN"):
        if re.search(r"-dev\b|\bgcc\b|\bcmake\b", item.text):
            yield item.line, "tools of the build in the last stage"


def check(path):
    stages, names = dockerfile.stages(dockerfile.parse(path)), set()
    for n, (name, base, items) in enumerate(stages):
        yield from check_stage(base, items, names, n == len(stages) - 1)
        names.add(name)
        for item in items:
            source = re.match(r"--from=(\S+)", item.text)
            if item.name == "COPY" and source and source[1] not in names:
                yield item.line, f"no stage {source[1]}"
    if not stages:
        yield 0, "no stage"


def main():
    broken = [f"{os.path.basename(path)}:{line}: {text}" for path in sys.argv[1:] for line, text in check(path)]
    print("\n".join(broken))
    sys.exit(1 if broken else 0)


main()
