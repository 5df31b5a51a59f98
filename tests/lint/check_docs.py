#!/usr/bin/env python3
"""check_docs.py ROOT: links between the documents lead somewhere, every document is reached from the
README, and docs/configuration.md has exactly the keys that the program knows."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1]).resolve()
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
SPAN = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
faults = []


def prose(path):
    return FENCE.sub("", path.read_text())


def anchors(path):
    """What GitHub makes of the headings: lower case, spaces as hyphens, no punctuation."""
    found = set()
    for line in prose(path).splitlines():
        heading = re.match(r"#+ +(.*)", line)
        if heading:
            text = re.sub(r"[^\w\- ]", "", heading.group(1).lower().replace("`", ""))
            slug = text.strip().replace(" ", "-")
            n = 1
            while slug in found:
                slug = f"{text.strip().replace(' ', '-')}-{n}"
                n += 1
            found.add(slug)
    return found


def links(path):
    """Resolved targets of a document's links to files of the tree."""
    for target in LINK.findall(SPAN.sub("``", prose(path))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (path.parent / name).resolve() if name else path
        if not there.exists():
            faults.append(f"{path.relative_to(root)}: {target} leads nowhere")
            continue
        if anchor and there.suffix == ".md" and anchor not in anchors(there):
            faults.append(f"{path.relative_to(root)}: {target}: there is no such heading")
        yield there


def check_links():
    todo, seen = [root / "README.md"], {root / "README.md"}
    while todo:
        for there in links(todo.pop()):
            if there.suffix == ".md" and there not in seen:
                seen.add(there)
                todo.append(there)
    for path in sorted(root.glob("docs/*.md")):
        if path not in seen:
            faults.append(f"{path.relative_to(root)}: no link leads here from README.md")
    for path in sorted(root.glob("*.md")) + sorted(root.glob("*/README.md")):
        if path not in seen:
            list(links(path))


def check_keys():
    source = (root / "src/io/config_checks.c").read_text()
    table = source[source.index("} keys[] = {"):source.index("enum { N_KEYS")]
    known = set(re.findall(r'\{"(\w+)",', table))
    text = (root / "docs/configuration.md").read_text()
    text = text[:text.index("\n## Parameters\n")]
    said = set()
    for line in text.splitlines():
        if line.startswith("| `"):
            said.update(re.findall(r"`(\w+)`", line.split("|")[1]))
    for key in sorted(known - said):
        faults.append(f"docs/configuration.md: the key {key} is missing")
    for key in sorted(said - known):
        faults.append(f"docs/configuration.md: the program knows no key {key}")
    if len(known) < 50:
        faults.append("src/io/config_checks.c: the table of keys was not found")


check_links()
check_keys()
if faults:
    sys.exit("\n".join(faults))
