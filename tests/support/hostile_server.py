#!/usr/bin/env python3
"""A Redis server that lies: hostile_server.py SOCKET REAL_SOCKET MODE_FILE

Passes commands on to the real server and answers as the first word of MODE_FILE says, read anew for each reply:
"honest", one of the lies below, or "any" of them. A second word is the share of the replies that are lies (1). Every
lie but the silent ones is followed by the end of the connection, so that the client can begin anew.
"""
import os
import random
import socket
import sys
import threading
import time

rng = random.Random(int(os.environ.get("ETAS_TEST_SEED", "1")))
last = [b"*1\r\n$2\r\nOK\r\n"]


def flood(piece, seconds=20):
    """As much of it as the client takes."""
    end = time.time() + seconds
    while time.time() < end:
        yield piece


def garbage(reply):
    yield rng.randbytes(rng.randrange(1, 2000))


def spoiled(reply):
    """The reply with some bytes changed, lost or said twice."""
    out = bytearray(reply)
    for _ in range(rng.randrange(1, 6)):
        at, kind = rng.randrange(len(out)) if out else 0, rng.randrange(3)
        if kind == 0 and out:
            out[at] = rng.choice(b"0123456789\r\n*$:-+ aZ\xff\0")
        elif kind == 1:
            del out[at:at + rng.randrange(1, 8)]
        else:
            out[at:at] = out[at:at + rng.randrange(1, 8)]
    yield bytes(out)


def numbers(reply):
    """Right in form, wrong in what it says: digits are others."""
    out = bytearray(reply)
    inside = False
    for i, c in enumerate(out):
        if c in b"*$:":
            inside = i == 0 or out[i - 1] == 10
        elif c == 13:
            inside = False
        elif 48 <= c <= 57 and not inside and rng.random() < 0.2:
            out[i] = rng.choice(b"0123456789")
    yield bytes(out)


def other_question(reply):
    yield last[0]


def endless_array(reply):
    yield b"*2147483647\r\n"
    yield from flood(b":1\r\n" * 10000)


def long_array(reply):
    yield b"*200000\r\n"
    yield from flood(b"*200000\r\n$0\r\n\r\n" * 1000)


def deep(reply):
    yield b"*1\r\n" * 100000


def huge_string(reply):
    yield b"$2147483647\r\n"
    yield from flood(b"x" * 65536)


def huge_part(reply):
    yield b"*6\r\n$2\r\nOK\r\n$2147483000\r\n"
    yield from flood(b"x" * 65536)


def endless_line(reply):
    yield b"+"
    yield from flood(b"x" * 65536)


def wrong_type(reply):
    yield rng.choice([b":5\r\n", b"+OK\r\n", b"*0\r\n", b"*-1\r\n", b"$-1\r\n", b"*1\r\n*1\r\n*1\r\n:1\r\n", b"$2\r\nOK\r\n",
                      b"%1\r\n:1\r\n:1\r\n", b"*1\r\n:1\r\n", b"-\r\n", b"-ETAS no\r\n", b"-OOM no\r\n", b"-LOADING x\r\n",
                      b"-ERR Function not found\r\n", b"-NOSCRIPT\r\n", b"-MOVED 1 127.0.0.1:1\r\n"])


def half(reply):
    yield reply[:rng.randrange(len(reply))]


def many(reply):
    yield from flood(b"+OK\r\n" * 10000, 3)


def pages(reply):
    """The same again and again: a list of pages has no end then."""
    yield reply
    yield reply * 50


def drip(reply):
    for i in range(len(reply)):
        time.sleep(1)
        yield reply[i:i + 1]


def silence(reply):
    time.sleep(60)
    yield b""


lies = {f.__name__: f for f in (garbage, spoiled, numbers, other_question, endless_array, long_array, deep, huge_string,
                                huge_part, endless_line, wrong_type, half, many, pages)}
slow = {f.__name__: f for f in (drip, silence)}


def read_item(stream):
    """One item of the protocol, as bytes."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    if line[:1] == b"*":
        return line + b"".join(read_item(stream) for _ in range(max(0, int(line[1:]))))
    if line[:1] == b"$" and int(line[1:]) >= 0:
        return line + stream.read(int(line[1:]) + 2)
    return line


def choose():
    with open(sys.argv[3], encoding="ascii") as file:
        words = file.read().split() or ["honest"]
    if words[0] == "honest" or rng.random() >= float(words[1] if len(words) > 1 else 1):
        return None
    return rng.choice(list(lies.values())) if words[0] == "any" else lies.get(words[0]) or slow[words[0]]


def serve(client):
    real = socket.socket(socket.AF_UNIX)
    try:
        real.connect(sys.argv[2])
        commands, replies = client.makefile("rb"), real.makefile("rb")
        while True:
            command = read_item(commands)
            real.sendall(command)
            reply = read_item(replies)
            lie = choose() if b"etas_v1_" in command[:200] or b"BLPOP" in command[:100] else None
            if lie is None:
                client.sendall(reply)
                last[0] = reply
                continue
            for piece in lie(reply):
                client.sendall(piece)
            return
    except (OSError, EOFError):
        pass
    finally:
        client.close()
        real.close()


def main():
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen(64)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


main()
