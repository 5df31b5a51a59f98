"""Reads a Dockerfile: instructions with their lines, comments apart."""
import collections

Instruction = collections.namedtuple("Instruction", "line name text ignored")


def parse(path):
    """Instructions of the file; `ignored` holds the rules that a comment just before switches off."""
    out, ignored, text, start = [], set(), "", 0
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.strip()
            if line.startswith("# hadolint ignore="):
                ignored = set(line.split("=", 1)[1].split(","))
            if line.startswith("#") or not line:
                continue
            start = start if text else number
            if line.endswith("\\"):
                text += line[:-1].rstrip() + " "
                continue
            name, _, rest = (text + line).partition(" ")
            out.append(Instruction(start, name.upper(), rest.strip(), ignored))
            ignored, text = set(), ""
    if text:
        raise ValueError(f"{path}: the last line is continued")
    return out


def stages(instructions):
    """[(name or None, base, [instructions after FROM])]"""
    out = []
    for item in instructions:
        if item.name == "FROM":
            words = item.text.split()
            named = len(words) == 3 and words[1].upper() == "AS"
            out.append((words[2] if named else None, words[0], []))
        elif out:
            out[-1][2].append(item)
    return out
