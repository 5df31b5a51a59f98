"""sample_memory.py SOCKET DRIVER AGENT: a line every 100 ms until the driver is gone: seconds, the
server's used_memory, the run's out bytes and mark, resident memory of driver, agent and its slots."""

import glob
import os
import socket
import sys
import time

link = socket.socket(socket.AF_UNIX)
link.connect(sys.argv[1])
answers = link.makefile("rb")


def ask(*words):
    link.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
    return read()


def read():
    line = answers.readline()
    size = int(line[1:]) if line[:1] in b"$*" else None
    if line[:1] == b"$":
        return answers.read(size + 2)[:-2] if size >= 0 else None
    return [read() for _ in range(size)] if line[:1] == b"*" else line[1:-2]


def resident(pid):
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def children(pid):
    return [int(x) for file in glob.glob(f"/proc/{pid}/task/*/children") for x in open(file).read().split()]


def number(text):
    return int(text or 0)


driver, agent = int(sys.argv[2]), int(sys.argv[3])
start = time.monotonic()
while resident(driver) > 0:
    memory = ask(b"INFO", b"memory").split(b"used_memory:")[1].split(b"\r\n")[0]
    runs = ask(b"ZRANGE", b"etas:{default}:v1:runs", b"0", b"0")
    held = mark = 0
    if runs:
        held, mark = map(number, ask(b"HMGET", b"etas:{default}:v1:run:" + runs[0], b"bytes", b"mark"))
    print(f"{time.monotonic() - start:.1f}", int(memory), held, mark, resident(driver), resident(agent),
          max(map(resident, children(agent)), default=0), flush=True)
    time.sleep(0.1)
