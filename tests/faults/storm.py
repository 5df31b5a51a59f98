"""Two pools on one server, three agents, three drivers, and attacks from a list that the seed decides, some at a time.

Pool "short" has drivers with a lease of three seconds, built for that; pool "plain" has the driver that is shipped, with
a lease of a minute. Agents and manager are the shipped ones."""
import os
import random
import signal
import time

import attacks_server  # its kinds, too
from attacks import KINDS, LEASE_S
from processes import Failure, children, is_alive, kill, now
from server import Server
from world import Agent, Line, Reference

AT_ONCE = 3
SIZES = {"agents": 3, "lines": 3}
# In every round: all kinds once, and these more often.
MORE = {"kill_slot": 1, "kill_agent": 4, "kill_driver": 2, "kill_driver_at_call": 3, "drop_reply": 3, "late_call": 1,
        "delete_key": 3, "delete_field": 3}
RUN_S = 12  # a run of one line, undisturbed, on the machine that this is


def deck(rng, short):
    """One round of attacks: kind and parameters."""
    names = sorted(KINDS) + [name for name, n in MORE.items() for _ in range(n)]
    rng.shuffle(names)
    sizes = dict(SIZES, short=short)
    return [(name, KINDS[name].draw(rng, sizes)) for name in names]


def rounds(args):
    rng = random.Random(args.seed)
    while True:
        yield deck(rng, args.minutes == 0)
        if args.minutes == 0:
            return


def print_list(args):
    for name, p in next(rounds(args)):
        print(name, " ".join(f"{key}={value}" for key, value in p.items()))
    return 0


class Task:
    def __init__(self, name, p, world):
        self.name, self.p, self.locks = name, p, KINDS[name].locks(p)
        self.steps, self.wake, self.begun = KINDS[name].strike(world, p), 0, now()


def clash(a, b):
    return bool(a & b) or any("agents" in x and any(lock.startswith("agent ") for lock in y) for x, y in ((a, b), (b, a)))


class Storm:
    def __init__(self, world, args):
        self.world, self.args = world, args
        self.tasks, self.made, self.looked_at = [], {}, 0
        self.volatile = random.Random(args.seed + 1)
        self.next_kill = now() + 1
        world.recoveries, world.counts = {}, {}
        world.recovered = self.recovered
        world.count = self.count

    def recovered(self, kind, seconds):
        n, longest, total = self.world.recoveries.get(kind, (0, 0, 0))
        self.world.recoveries[kind] = (n + 1, max(longest, seconds), total + seconds)

    def count(self, what):
        self.world.counts[what] = self.world.counts.get(what, 0) + 1

    def kill_some_slot(self):
        """All the time, whatever else goes on."""
        self.next_kill = now() + self.volatile.uniform(0.5, 1.5)
        agent = self.volatile.choice(self.world.agents)
        pids = agent.slot_pids()
        if pids and kill(self.volatile.choice(pids), signal.SIGKILL):
            self.count("slots killed")

    def step(self):
        """Everybody who is due moves on."""
        for task in list(self.tasks):
            if now() < task.wake:
                continue
            try:
                task.wake = now() + next(task.steps)
            except StopIteration:
                self.tasks.remove(task)
                if not self.world.server.down and not any("server" in other.locks for other in self.tasks):
                    self.world.check_law()
            except Failure as failure:
                raise Failure(f"{task.name} {task.p}: {failure}") from failure
        if now() >= self.looked_at + 0.05:
            self.world.watch()
            self.looked_at = now()
        if now() >= self.next_kill and not self.world.closing:
            self.kill_some_slot()
        time.sleep(0.01)

    def launch(self, name, p):
        task = Task(name, p, self.world)
        while len(self.tasks) >= AT_ONCE or any(clash(task.locks, other.locks) for other in self.tasks):
            self.step()
        self.made[name] = self.made.get(name, 0) + 1
        if os.environ.get("ETAS_FAULT_TRACE"):
            print(f"  {now() - self.begun:7.2f} {name} {p}", flush=True)
        self.tasks.append(task)

    def blow(self):
        self.begun = now()
        until = now() + 60 * self.args.minutes
        for attacks_of_round in rounds(self.args):
            for name, p in attacks_of_round:
                self.launch(name, p)
                if self.args.minutes > 0 and now() > until:
                    break
            if self.args.minutes > 0 and now() > until:
                break
        while self.tasks:
            self.step()

    def end(self):
        """The runs under way end, then the agents leave; nothing is left of anybody."""
        world = self.world
        world.closing = True
        begin = now()
        while any(line.process is not None for line in world.lines):
            self.step()
            if now() - begin > 300:
                raise Failure(f"runs do not end:\n{world.state()}")
        world.check_law()
        world.closed_s = now() - begin
        leave(world)


def leave(world):
    for agent in world.agents:
        agent.end(signal.SIGTERM)
    for agent in world.agents:
        code = agent.process.wait(timeout=60)
        if code != 0:
            raise Failure(f"agent {agent.name} left with {code}")
    left = set(children(os.getpid())) - {proxy.process.pid for proxy in world.proxies} - {world.server.process.pid}
    for pid in left:  # slots whose agents were killed became ours
        if is_alive(pid):
            raise Failure(f"process {pid} is left")
        os.waitpid(pid, 0)
    if os.listdir(os.environ["TMPDIR"]):
        raise Failure(f"files left: {os.listdir(os.environ['TMPDIR'])}")
    check_keys(world)


def check_keys(world):
    """Once the summaries are purged, nothing tells of a run."""
    redis = world.server.redis
    for pool in world.pools:
        for run in redis.call("ZRANGE", f"etas:{{{pool}}}:v1:past", 0, -1):
            world.fcall(pool, "purge", run)
        for run in redis.call("ZRANGE", f"etas:{{{pool}}}:v1:runs", 0, -1):
            # An older copy of the server's data may know a run that has ended since; that is for the manager.
            if not world.went_back or any(run.decode() == line.run for line in world.lines):
                raise Failure(f"run {run} is still there")
            world.fcall(pool, "cancel", run)
            world.fcall(pool, "purge", run)
    for key in redis.call("KEYS", "*"):  # those of a run end with its id, those of a model with its digest
        if b":v1:wake:" in key and redis.call("TTL", key) > 0:
            continue  # the hint for an agent that was killed
        name = key.decode().split("}:v1:")[-1]
        if ":" in name and not name.endswith("}:versions") or name in ("runs", "leases"):
            raise Failure(f"key {key.decode()} is left")


def report(storm):
    world = storm.world
    print(f"attacks: {sum(storm.made.values())} of {len(storm.made)} kinds")
    print("  " + ", ".join(f"{name} {n}" for name, n in sorted(storm.made.items())))
    print("  " + ", ".join(f"{name} {n}" for name, n in sorted(world.counts.items())))
    print("recoveries: number, longest, mean")
    for kind, (n, longest, total) in sorted(world.recoveries.items()):
        print(f"  {kind}: {n}, {longest:.2f} s, {total / n:.2f} s")
    n = sum(entry[0] for entry in world.recoveries.values())
    print(f"  all: {n}, longest {max(entry[1] for entry in world.recoveries.values()):.2f} s")
    print(f"conservation law: {world.checks} checks")
    done, repeated = sum(line.done for line in world.lines), sum(line.repeated for line in world.lines)
    print(f"runs: {done} with the bytes of the serial one, longest {max(line.longest for line in world.lines):.1f} s, "
          f"{repeated} catalogues repeated; the last ones ended {world.closed_s:.1f} s after the last attack")


def make_references(world, seeds, slots, cpus=os.cpu_count()):
    """As many catalogues as keep the machine busy for RUN_S when that many runs share it."""
    config = world.make_config()
    n = int(world.rate(config) * RUN_S * cpus / slots)
    for seed in seeds:
        world.references.append(Reference(world, config, n, seed))
        if len(world.references) % cpus == 0:
            for reference in world.references:
                reference.wait()
    for reference in world.references:
        reference.wait()
    print(f"runs of {n} catalogues", flush=True)


def storm(world, args):
    world.server = Server(world)
    world.pools, world.short_pool = ["short", "plain"], "short"
    make_references(world, [11, 12, 13, 14], 3)
    for _ in range(SIZES["agents"] + SIZES["lines"]):
        world.add_proxy(args.seed)
    for k, pool in enumerate(["short", "short", "plain"]):
        world.agents.append(Agent(world, pool, world.proxies[k].port, name=str(k)))
    how = {"program": "fault_etas", "environment": {"FAULT_LEASE_S": str(LEASE_S), "FAULT_MARK_BYTES": "3000000"}}
    for k, pool in enumerate(["short", "short", "plain"]):
        world.lines.append(Line(world, str(k), pool, world.proxies[3 + k].port, **(how if pool == "short" else {})))
    for line in world.lines:
        line.start()
    it = Storm(world, args)
    it.blow()
    it.end()
    report(it)
