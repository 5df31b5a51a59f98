"""Where in a process secrets can be seen: find_secret.py FILE PID...

FILE holds one secret a line. Looks at the command line, the environment and all memory that a core
file would hold (not what is marked "do not dump", flag dd of smaps). Prints one line for each find; the
exit code is 1 then. A process that does not let us look keeps its secrets too."""

import os
import re
import sys


def mappings(pid):
    """(start, end, name, dumped) of everything readable."""
    with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as smaps:
        found = None
        for line in smaps:
            head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)", line)
            if head:
                found = head
            elif line.startswith("VmFlags:") and found and found[3].startswith("r"):
                if found[4] not in ("[vvar]", "[vsyscall]", "[vvar_vclock]"):
                    yield int(found[1], 16), int(found[2], 16), found[4], "dd" not in line.split()


def places(pid, secrets):
    for name in "cmdline", "environ":
        with open(f"/proc/{pid}/{name}", "rb") as part:
            text = part.read()
        if any(secret in text for secret in secrets):
            yield name
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end, name, dumped in mappings(pid):
            if not dumped:
                continue
            try:
                memory.seek(start)
                text = memory.read(end - start)
            except (OSError, ValueError, OverflowError):
                continue
            for number, secret in enumerate(secrets):
                if secret in text:
                    yield f"memory {name or 'anonymous'} (secret {number})"


def main():
    with open(sys.argv[1], "rb") as lines:
        secrets = lines.read().split()
    found = False
    for pid in sys.argv[2:]:
        try:
            for place in places(pid, secrets):
                print(pid, place)
                found = True
        except PermissionError:
            if os.geteuid() == 0:
                raise
    sys.exit(1 if found else 0)


main()
