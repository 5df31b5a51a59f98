"""Processes, seen from outside, and what can go wrong."""
import os
import time


class Failure(Exception):
    """A promise was broken."""


class Away(Exception):
    """The server does not answer."""


class Refused(Exception):
    """The server answered with an error."""


def now():
    return time.monotonic()


def write_file(path, data):
    with open(path, "wb") as file:
        file.write(data)


def was_refused(log):
    """It was started while another attack had given the server a policy that evicts, and said so."""
    return "set maxmemory-policy noeviction" in tail(log, 1)


def tail(path, lines=12):
    try:
        with open(path, errors="replace") as file:
            return "".join(file.readlines()[-lines:])
    except OSError:
        return ""


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def is_alive(pid):
    """Running, not a zombie."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def kill(pid, number):
    """It may have ended by itself. True when it had not."""
    if not is_alive(pid):
        return False
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
