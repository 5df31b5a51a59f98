"""Faults that are struck one at a time, on a server of their own."""
import json
import os
import signal
import socket
import subprocess
import time

from storm import leave
from processes import Failure, kill, now
from server import Server
from world import Agent, Line, Reference

POISONS = 10  # of fault_worker.c: so many kinds, that far apart
STEP = 10


def wait(world, what, condition, limit_s=120):
    """Seconds until the condition holds."""
    begin = now()
    while not condition():
        if now() - begin > limit_s:
            raise Failure(f"waited {limit_s} s in vain for {what}\n{world.state()}")
        world.watch()
        time.sleep(0.02)
    return now() - begin


def one_run(world, config, n, seed):
    reference = Reference(world, config, n, seed)
    reference.wait()
    return reference


def add_line(world, name, pool, reference, **how):
    """A driver of one run."""
    line = Line(world, name, pool, world.add_proxy(1).port, reference=reference, **how)
    line.resting = True
    world.lines.append(line)
    line.start()
    return line


def add_agent(world, name, pool, **how):
    world.agents.append(Agent(world, pool, world.add_proxy(1).port, name=name, **how))
    return world.agents[-1]


def leased(world, pool):
    return world.server.redis.ask("ZRANGE", f"etas:{{{pool}}}:v1:leases", 0, -1) or []


def finish(world, *lines):
    for line in lines:
        wait(world, f"the end of line {line.name}", lambda: line.process is None, line.limit_s)


# ---- poison

def without(text, dead):
    """The lines of a serial file but for those catalogues, the others and their events numbered anew."""
    lines, events = text.splitlines(), 0
    kept = [lines[0]]
    for line in lines[1:]:
        *columns, catalog, event = line.split(",")
        if int(catalog) in dead:
            continue
        number = int(catalog) - sum(1 for index in dead if index < int(catalog))
        kept.append(",".join([*columns, str(number), str(events) if event else ""]))
        events += 1 if event else 0
    return "\n".join(kept) + "\n"


def command(world, code, *words):
    done = subprocess.run([world.program("etas"), *words], cwd=world.dir, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=200, check=False)
    if done.returncode != code:
        raise Failure(f"etas {' '.join(words)} ended with {done.returncode}: {done.stderr.decode()}")


def poison(world, _):
    """Ten catalogues that each ruin their slot in another way: those are missing and no others are."""
    world.server, world.pools = Server(world), ["default"]
    config = world.make_config()
    base, n = 1000, 4000
    dead = [base + STEP * k for k in range(POISONS)]
    reference = one_run(world, config, n, 0x7a11 << 48 | base << 32 | 11)
    for name in "ab":
        add_agent(world, name, "default", program="fault_worker", options=["--stall", "6s", "--slot-memory", "4G"])
    line = add_line(world, "poison", "default", reference)
    line.held = True
    code = line.process.wait(timeout=300)
    with open(line.log) as file:
        said = file.read()
    if code != 3 or os.path.exists(line.file):
        raise Failure(f"the driver ended with {code}: {said}")
    world.check_law()
    shown = os.path.join(world.dir, "shown.csv")
    command(world, 3, "export", line.store, "-o", shown)
    command(world, 3, "export", line.store, "-o", shown, "--allow-missing")
    with open(reference.file) as serial, open(shown) as made, open(shown + ".missing.json") as missing:
        if without(serial.read(), dead) != made.read():
            raise Failure("other bytes than the serial run's without the dead catalogues")
        ranges = [(entry["first"], entry["count"]) for entry in json.load(missing)["missing"]]
    if ranges != [(index, 1) for index in dead]:
        raise Failure(f"missing are {ranges}, not {dead}")
    for agent in world.agents:
        agent.watch()
    leave(world)
    command(world, 0, "forecast", config, "-o", line.file, "--resume", "--distribute", "serial")
    line.check_output()
    print(f"{POISONS} catalogues dead, {n - POISONS} as the serial run made them, the others made by a program that can")


# ---- many runs

def purge(world, pool):
    for run in world.server.redis.call("ZRANGE", f"etas:{{{pool}}}:v1:past", 0, -1):
        code, _, err = world.manager(pool, "purge", run.decode())
        if code != 0:
            raise Failure(f"purge: {err}")


def pools(world, _):
    """Two pools with three runs each, at once; one is cancelled, and nobody else notices."""
    world.server = Server(world)
    world.pools = ["one", "two"]
    config = world.make_config()
    n = max(2000, int(world.rate(config) * 4))
    references = [one_run(world, config, n, seed) for seed in (21, 22, 23)]
    small = one_run(world, config, 50, 24)
    for k, pool in enumerate(world.pools):
        add_agent(world, f"agent{k}", pool)
        finish(world, add_line(world, f"first{k}", pool, small))
        purge(world, pool)
    before = world.server.redis.call("DBSIZE")
    lines = [add_line(world, f"{pool}{k}", pool, references[k]) for pool in world.pools for k in range(3)]
    victim = lines[1]
    wait(world, "every run", lambda: all(line.position()[1] > 0 for line in lines if line.process is not None))
    victim.expected = True
    code, _, err = world.manager(victim.pool, "cancel", victim.run)
    if code != 0:
        raise Failure(f"cancel: {err}")
    victim.process.wait(timeout=100)
    if victim.process.returncode != 130 or os.path.exists(victim.file):
        raise Failure(f"the driver of a cancelled run ended with {victim.process.returncode}")
    victim.process, rest = None, [line for line in lines if line is not victim]
    world.check_law()
    finish(world, *rest)
    if [line.done for line in rest] != [1] * 5:
        raise Failure("a run is missing")
    for pool in world.pools:
        purge(world, pool)
    after = world.server.redis.call("DBSIZE")
    if after != before:
        raise Failure(f"{after - before} keys are left: {world.server.redis.call('KEYS', '*')}")
    victim.resume()
    finish(world, victim)
    leave(world)
    print("5 runs unharmed by the one that was cancelled; resumed, it ended well, too")


# ---- the shipped lease

def leases(world, _):
    """A lease of a minute, nothing but programs that are shipped: a slot is missed at once, an agent after its lease."""
    world.server, world.pools = Server(world), ["default"]
    config = world.make_config()
    reference = one_run(world, config, max(3000, int(world.rate(config) * 6)), 31)
    victim, other = add_agent(world, "victim", "default"), add_agent(world, "other", "default")
    line = add_line(world, "run", "default", reference)
    wait(world, "results", lambda: line.position()[1] > 0)
    slot = other.slot_pids()[0]
    kill(slot, signal.SIGKILL)
    again = wait(world, "another slot", lambda: slot not in other.slot_pids() and len(other.slot_pids()) == 2, 20)
    print(f"a slot killed: another one after {again:.2f} s")
    if again > 5:
        raise Failure("a dead slot is to be noticed at once")
    held = []

    def holds():
        info = world.server.redis.ask("HGETALL", "etas:{default}:v1:info") or []
        names = [name for name, text in zip(info[::2], info[1::2]) if text.split()[1] == str(victim.pid()).encode()]
        held[:] = [lease for lease in leased(world, "default") if names and lease.endswith(names[0])]
        return held and line.process is not None
    wait(world, "leases of the victim", holds)
    kill(victim.pid(), signal.SIGSTOP)  # now it cannot hand anything over
    holds()
    victim.end(signal.SIGKILL)
    victim.process.wait()
    if not held:
        raise Failure("the victim held nothing: the run is too short")
    gone = wait(world, "its leases", lambda: not set(held) & set(leased(world, "default")), 200)
    print(f"an agent killed: its {len(held)} leases are pending again after {gone:.1f} s")
    if not 40 < gone < 75:
        raise Failure("a lease is a minute, and everybody reaps every five seconds")
    finish(world, line)
    world.agents.remove(victim)
    leave(world)


# ---- a cluster

def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cluster_server(world, name):
    port = free_port()
    options = ["--cluster-enabled", "yes", "--cluster-port", str(free_port()), "--port", str(port),
               "--cluster-config-file", "nodes.conf", "--cluster-require-full-coverage", "no"]
    return Server(world, name, options), port


def cluster(world, _):
    """All keys of a pool share one hash tag. So a node that holds its slot serves it as any server does; where the slot
    is nobody's, everybody waits; a node that points elsewhere is refused, and the address is in the message."""
    (world.server, port), world.pools = cluster_server(world, "cluster"), ["default"]
    redis = world.server.redis
    redis.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    wait(world, "the cluster", lambda: b"cluster_state:ok" in (redis.ask("CLUSTER", "INFO") or b""))
    config = world.make_config()
    reference = one_run(world, config, max(3000, int(world.rate(config) * 6)), 41)
    agent = add_agent(world, "agent", "default")
    line = add_line(world, "run", "default", reference)
    wait(world, "results", lambda: line.position()[1] > 0)
    pids = agent.slot_pids()
    kill(pids[0], signal.SIGKILL)
    slot = redis.call("CLUSTER", "KEYSLOT", "etas:{default}:v1:pool")
    redis.call("CLUSTER", "DELSLOTS", slot)
    time.sleep(2)
    redis.call("CLUSTER", "ADDSLOTS", slot)
    finish(world, line)
    world.check_law()
    print("a run on a node of a cluster, its slot away for a while: the bytes of the serial one")
    other, other_port = cluster_server(world, "other")
    bus = int(other.redis.call("CLUSTER", "NODES").split()[1].split(b"@")[1])
    redis.call("CLUSTER", "MEET", "127.0.0.1", other_port, bus)
    wait(world, "the two nodes", lambda: b"cluster_known_nodes:2" in (other.redis.ask("CLUSTER", "INFO") or b"") and
         f"127.0.0.1:{port}@".encode() in other.redis.call("CLUSTER", "NODES"))

    def points_elsewhere():
        try:
            other.redis.call("HGET", "etas:{default}:v1:pool", "x")
        except Exception as error:  # what it says is what matters
            return f"MOVED {slot} " in str(error)
        return False
    wait(world, "the other node's knowledge", points_elsewhere)
    for program in (["etas-redis-worker"], ["etas-redis-manager", "init"]):
        refused = subprocess.run([world.program(program[0]), *program[1:], "--socket", other.socket], timeout=60,
                                 stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if refused.returncode != 1 or f"MOVED {slot} 127.0.0.1:{port}".encode() not in refused.stderr:
            raise Failure(f"{program} at the other node: {refused.returncode} {refused.stderr.decode()}")
    print("the other node is refused, with the address of the right one")
    other.kill()
    leave(world)
