"""follow_document.py DOCUMENT: does what a document tells its reader, in the current folder. Blocks behind a
line <!-- file: NAME --> become files; each sh block has to end with 0; and the text block behind it has to
show, line by line and in order, what the commands printed. In a shown line ... stands for anything."""
import re
import subprocess
import sys

BLOCK = re.compile(r"(?:^<!-- file: (?P<name>\S+) -->\n)?^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.M | re.S)


def pattern(line):
    return re.compile(".*".join(map(re.escape, line.split("..."))) + r"\Z")


def first_missing(shown, printed):
    """The first shown line that is not printed behind the ones before it."""
    rest = iter(printed)
    for line in shown:
        if not any(pattern(line).match(there.rstrip()) for there in rest):
            return line
    return None


def main(document):
    with open(document, encoding="utf-8") as file:
        text = file.read()
    printed, n_commands, n_lines = None, 0, 0
    for block in BLOCK.finditer(text):
        name, kind, body = block["name"], block["kind"], block["body"]
        if name:
            with open(name, "w", encoding="utf-8") as file:
                file.write(body)
        elif kind == "sh":
            with open("printed.log", "wb") as log:
                code = subprocess.run(["bash", "-euo", "pipefail", "-c", body], stdin=subprocess.DEVNULL, stdout=log,
                                      stderr=subprocess.STDOUT, check=False).returncode
            with open("printed.log", encoding="utf-8") as log:
                printed = log.read().splitlines()
            if code != 0:
                sys.exit("exit code %d:\n%s\n%s" % (code, body, "\n".join(printed)))
            n_commands += 1
        elif kind == "text" and printed is not None:
            missing = first_missing(body.splitlines(), printed)
            if missing is not None:
                sys.exit("not printed, or not at its place: %s\n%s" % (missing, "\n".join(printed)))
            n_lines += len(body.splitlines())
    print("%d pieces of commands, %d lines of output" % (n_commands, n_lines))
    if n_commands == 0 or n_lines == 0:
        sys.exit("nothing to do in " + document)


main(sys.argv[1])
