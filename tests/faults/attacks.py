"""The attacks. Each is a generator: it strikes, yields the seconds that it waits, undoes what it did and watches the pool
recover. What it strikes is drawn from the seed beforehand, so a seed names a list of attacks."""
import signal

from processes import Away, Failure, is_alive, kill, now

LEASE_S = 3  # of the lines with the test driver
RECOVER_S = 150  # the longest back-off is a minute, and machines may be slow
REPLACE_S = 5  # a dead slot is noticed at once

KINDS = {}


class Kind:
    def __init__(self, strike, draw, locks):
        self.name, self.strike, self.draw, self.locks = strike.__name__, strike, draw, locks


def attack(draw, locks):
    """draw(random, sizes) gives the parameters, locks(parameters) names what it needs for itself; "agents" is all of them."""
    def keep(strike):
        KINDS[strike.__name__] = Kind(strike, draw, locks)
        return strike
    return keep


def the_server(_):
    return {"server"}


def all_agents(_):
    return {"server", "agents"}


def that_agent(p):
    return {f"agent {p['agent']}"}


def that_agent_undisturbed(p):
    return {f"agent {p['agent']}", "server"}


def that_line(p):
    return {f"line {p['line']}"}


def that_proxy(p):
    return {p["whose"]}


def some_agent(random, sizes):
    return {"agent": random.randrange(sizes["agents"])}


def short_lease_agent(random, sizes):
    """A lease of a minute is waited for in long runs only."""
    return {"agent": random.randrange(sizes["agents"] - (1 if sizes["short"] else 0))}


def some_line(random, sizes):
    return {"line": random.randrange(sizes["lines"])}


def some_proxy(random, sizes):
    k = random.randrange(sizes["agents"] + sizes["lines"])
    return {"whose": f"agent {k}" if k < sizes["agents"] else f"line {k - sizes['agents']}"}


def nothing(_random, _sizes):
    return {}


def lasting(low, high, then=nothing):
    return lambda random, sizes: {"seconds": round(random.uniform(low, high), 2), **then(random, sizes)}


def proxy_of(w, p):
    what, k = p["whose"].split()
    return w.proxies[int(k) if what == "agent" else len(w.agents) + int(k)]


def pool_of(w, whose):
    what, k = whose.split()
    return (w.agents if what == "agent" else w.lines)[int(k)].pool


# ---- waiting

def until(w, what, condition, limit_s):
    """Waits for it; gives the seconds that it took."""
    begin = now()
    while not condition():
        if now() - begin > limit_s:
            raise Failure(f"waited {limit_s} s in vain for {what}:\n{w.state()}")
        yield 0.02
    return now() - begin


def positions(w, pool):
    return [line.position() for line in w.lines if pool in (None, line.pool)]


def progress(w, pool, kind):
    """Until every line of the pool (or of all pools) has stored more than now: how long it takes is the recovery."""
    before = positions(w, pool)

    def moved():
        return all(a > b for a, b in zip(positions(w, pool), before))

    w.recovered(kind, (yield from until(w, f"progress after {kind}", moved, RECOVER_S)))


def leases(w, pool):
    found = w.server.redis.ask("ZRANGE", f"etas:{{{pool}}}:v1:leases", 0, -1)
    return set(found or [])


def busy(w, pool):
    """Until something of the pool is under lease: there is something to break."""
    yield from until(w, f"leases in pool {pool}", lambda: leases(w, pool), RECOVER_S)


def agent_id(w, agent):
    """By its process: what the server calls it."""
    info = w.server.redis.ask("HGETALL", f"etas:{{{agent.pool}}}:v1:info") or []
    for name, text in zip(info[::2], info[1::2]):
        if text.split()[1] == str(agent.pid()).encode():
            return name
    return None


# ---- slots and agents

def slot_replaced(w, agent, victim, kind):
    def done():
        pids = agent.slot_pids()
        return victim not in pids and len(pids) == agent.slots
    w.recovered(kind, (yield from until(w, "a new slot", done, REPLACE_S)))


@attack(lambda r, z: {"signal": r.choice(["KILL", "KILL", "SEGV", "ABRT", "BUS"]), "slot": r.randrange(2),
                      "times": r.randint(1, 3), **some_agent(r, z)}, that_agent_undisturbed)
def kill_slot(w, p):
    agent = w.agents[p["agent"]]
    for _ in range(p["times"]):
        yield from busy(w, agent.pool)
        pids = agent.slot_pids()
        if pids and kill(pids[p["slot"] % len(pids)], getattr(signal, "SIG" + p["signal"])):
            w.count("slots killed")
            yield from slot_replaced(w, agent, pids[p["slot"] % len(pids)], "kill_slot")
        yield 0.05


@attack(lambda r, z: {"slot": r.randrange(2), **some_agent(r, z)}, that_agent)
def freeze_slot(w, p):
    """Longer than its agent lets it be silent."""
    agent = w.agents[p["agent"]]
    yield from busy(w, agent.pool)
    pids = agent.slot_pids()
    if pids and kill(pids[p["slot"] % len(pids)], signal.SIGSTOP):
        yield 6
        kill(pids[p["slot"] % len(pids)], signal.SIGCONT)  # should it have had nothing to do
    yield from progress(w, agent.pool, "freeze_slot")


def wait_ended(w, agent, limit_s):
    slots = agent.slot_pids()
    yield from until(w, f"the end of agent {agent.name}", lambda: agent.process.poll() is not None, limit_s)
    yield from until(w, "the end of its slots", lambda: not any(is_alive(pid) for pid in slots), 5)
    return agent.process.returncode


def kill_the_agent(w, agent):
    slots = agent.slot_pids()
    agent.end(signal.SIGKILL)
    agent.process.wait()
    yield from until(w, "the end of its slots", lambda: not any(is_alive(pid) for pid in slots), 5)
    w.count("agents killed")


@attack(lambda r, z: {"away": round(r.uniform(0, 5), 2), **short_lease_agent(r, z)}, that_agent)
def kill_agent(w, p):
    agent = w.agents[p["agent"]]
    yield from busy(w, agent.pool)
    name = agent_id(w, agent)
    yield from kill_the_agent(w, agent)
    held = {lease for lease in leases(w, agent.pool) if name is not None and lease.endswith(name)}
    begin = now()
    yield p["away"]
    agent.start()
    yield from progress(w, agent.pool, "an agent killed: next result")
    if agent.pool == w.short_pool and held:
        yield from until(w, "the leases of a dead agent", lambda: not held & leases(w, agent.pool), RECOVER_S)
        w.recovered("an agent killed: its leases", now() - begin)


@attack(lambda r, z: {"seconds": round(r.uniform(LEASE_S + 1, 3 * LEASE_S), 2), **some_agent(r, z)}, that_agent)
def freeze_agent(w, p):
    """Beyond its lease; then it comes back and believes that it still has it."""
    agent = w.agents[p["agent"]]
    yield from busy(w, agent.pool)
    kill(agent.pid(), signal.SIGSTOP)
    yield p["seconds"]
    kill(agent.pid(), signal.SIGCONT)
    yield from progress(w, agent.pool, "freeze_agent")


@attack(some_agent, that_agent)
def drain_agent(w, p):
    """SIGTERM, as at the end of a batch job: it hands over and leaves well."""
    agent = w.agents[p["agent"]]
    yield from busy(w, agent.pool)
    agent.end(signal.SIGTERM)
    code = yield from wait_ended(w, agent, 60)
    if code != 0:
        raise Failure(f"agent {agent.name} drained with {code}")
    agent.start()
    yield from progress(w, agent.pool, "drain_agent")


@attack(some_agent, that_agent)
def interrupt_agent_twice(w, p):
    agent = w.agents[p["agent"]]
    yield from busy(w, agent.pool)
    agent.end(signal.SIGINT)
    yield 0.05
    kill(agent.pid(), signal.SIGINT)
    code = yield from wait_ended(w, agent, 30)
    if code not in (0, 130):  # it may have been through before the second one
        raise Failure(f"agent {agent.name} left with {code} after two signals")
    agent.start()
    yield from progress(w, agent.pool, "interrupt_agent_twice")


@attack(lasting(1, 5), all_agents)
def no_agents(w, p):
    """N workers, none for a while, one, N again."""
    for agent in w.agents:
        agent.end(signal.SIGTERM)
    for agent in w.agents:
        code = yield from wait_ended(w, agent, 60)
        if code != 0:
            raise Failure(f"agent {agent.name} drained with {code}")
    yield p["seconds"]
    for pool in sorted({agent.pool for agent in w.agents}):
        first, *others = [agent for agent in w.agents if agent.pool == pool]
        first.start(slots=1)
        yield from progress(w, pool, "no_agents: the first one back")
        first.end(signal.SIGTERM)
        yield from wait_ended(w, first, 60)
        for agent in [first, *others]:
            agent.start()
    yield from progress(w, None, "no_agents")


@attack(lambda r, z: {"days": r.choice([-1, 1]), **some_agent(r, z)}, that_agent)
def clock_of_agent(w, p):
    agent = w.agents[p["agent"]]
    agent.end(signal.SIGTERM)
    yield from wait_ended(w, agent, 60)
    agent.start(wrong_by=86400 * p["days"])
    yield from progress(w, agent.pool, "clock_of_agent")


# ---- drivers

def line_busy(w, line):
    """Until its run is known to the server and its driver is there."""
    def known():
        line.find_run()
        return line.process is not None and line.process.poll() is None and line.run is not None
    yield from until(w, f"a run of line {line.name}", known, RECOVER_S)


def resume(w, line, kind, **how):
    line.start(resume=True, **how)
    line.held = False
    yield from progress(w, line.pool, kind)


@attack(lambda r, z: {"after": round(r.uniform(0, 2), 2), "away": round(r.uniform(0, 3), 2), **some_line(r, z)}, that_line)
def kill_driver(w, p):
    line = w.lines[p["line"]]
    yield from line_busy(w, line)
    yield p["after"]
    yield from line_busy(w, line)  # perhaps with the next run by now
    if line.kill():
        line.held = True
        line.process.wait()
        w.count("drivers killed")
        line.check_output()
        yield p["away"]
        yield from resume(w, line, "kill_driver")


DRIVER_CALLS = ["run", "submit", "collect", "ackout", "audit", "reap"]
AGENT_CALLS = ["hello", "claim", "beat", "commit", "reap"]


def some_call(random, sizes):
    p = some_proxy(random, sizes)
    p["call"] = random.choice(AGENT_CALLS if p["whose"].startswith("agent") else DRIVER_CALLS)
    return p


def catch(w, p, *how):
    """Sets a snare and waits for it. A call that is made only now and then comes after a new connection."""
    proxy = proxy_of(w, p)
    before = proxy.look()
    proxy.say(p["where"], p["call"], *how)
    if p["call"] in ("run", "submit", "audit", "hello"):
        proxy.say("cut", "fin")
    yield from until(w, f"a call of {p['call']}", lambda: proxy.look() > before, RECOVER_S)
    w.count(f"{p['where']} {p['call']}")


@attack(lambda r, z: {"where": r.choice(["request", "reply"]), "call": r.choice(["run", "submit", "collect", "ackout"]),
                      "nth": r.randint(1, 3), **some_line(r, z)}, that_line)
def kill_driver_at_call(w, p):
    """Between its transaction and the acknowledgement, for one."""
    line = w.lines[p["line"]]
    yield from line_busy(w, line)
    p = dict(p, whose=f"line {p['line']}")
    nth = p["nth"] if p["call"] in ("collect", "ackout") else 1
    yield from catch(w, p, nth)
    if line.process is not None and line.kill():
        line.held = True
        line.process.wait()
        w.count("drivers killed")
    proxy_of(w, p).say("clear")
    if line.held:
        yield from resume(w, line, "kill_driver_at_call")


@attack(lasting(LEASE_S + 1, 3 * LEASE_S, some_line), that_line)
def freeze_driver(w, p):
    line = w.lines[p["line"]]
    yield from line_busy(w, line)
    victim = line.process
    kill(victim.pid, signal.SIGSTOP)
    yield p["seconds"]
    kill(victim.pid, signal.SIGCONT)
    yield from progress(w, line.pool, "freeze_driver")


@attack(some_line, that_line)
def two_drivers(w, p):
    """A second one resumes the run of one that lives: the first one ends, or is told so at its next step."""
    line = w.lines[p["line"]]
    yield from line_busy(w, line)
    first = line.process
    line.expected = True
    line.start(resume=True)
    yield from until(w, "the end of the superseded driver", lambda: first.poll() is not None, RECOVER_S)
    if first.returncode < 0:
        raise Failure(f"the superseded driver died of signal {-first.returncode}")
    w.count(f"superseded drivers, exit code {first.returncode}")
    line.expected = False
    yield from progress(w, line.pool, "two_drivers")


@attack(lambda r, z: {"days": r.choice([-1, 1]), **some_line(r, z)}, that_line)
def clock_of_driver(w, p):
    line = w.lines[p["line"]]
    yield from line_busy(w, line)
    if line.process is not None and line.kill(signal.SIGTERM):
        line.held = True
        line.process.wait()
        if line.process.returncode == 0:
            line.held = False  # it was at the end
            return
        yield from resume(w, line, "clock_of_driver", wrong_by=86400 * p["days"])


# ---- the network

@attack(lasting(2, 5, lambda r, z: {"ms": r.randint(1, 100), **some_proxy(r, z)}), that_proxy)
def slow_network(w, p):
    proxy_of(w, p).say("delay", p["ms"], p["ms"])
    yield p["seconds"]
    yield from progress(w, pool_of(w, p["whose"]), "slow_network, while it is slow")
    proxy_of(w, p).say("clear")


@attack(lasting(2, 4, lambda r, z: {"ms": r.randint(1000, 4000), **some_proxy(r, z)}), that_proxy)
def very_slow_network(w, p):
    proxy_of(w, p).say("delay", p["ms"], p["ms"])
    yield p["seconds"]
    proxy_of(w, p).say("clear")
    yield from progress(w, pool_of(w, p["whose"]), "very_slow_network")


@attack(lasting(2, 5, lambda r, z: {"bytes": r.randint(5000, 100000), **some_proxy(r, z)}), that_proxy)
def thin_network(w, p):
    proxy_of(w, p).say("rate", p["bytes"])
    yield p["seconds"]
    proxy_of(w, p).say("clear")
    yield from progress(w, pool_of(w, p["whose"]), "thin_network")


@attack(lambda r, z: {"how": r.choice(["rst", "fin"]), "times": r.randint(1, 5), **some_proxy(r, z)}, that_proxy)
def cut_connections(w, p):
    for _ in range(p["times"]):
        proxy_of(w, p).say("cut", p["how"])
        yield 0.2
    yield from progress(w, pool_of(w, p["whose"]), "cut_connections")


@attack(lambda r, z: {"end": r.choice(["client", "server"]), **some_proxy(r, z)}, that_proxy)
def half_close(w, p):
    proxy_of(w, p).say("half", p["end"])
    yield 0.5
    yield from progress(w, pool_of(w, p["whose"]), "half_close")


@attack(lasting(2, 8, lambda r, z: {"way": r.choice(["up", "down", "both"]), "cut": r.random() < 0.5,
                                    **some_proxy(r, z)}), that_proxy)
def half_open(w, p):
    """Nothing comes through, the connection seems to be there. Afterwards it is cut, or all that waited arrives."""
    proxy = proxy_of(w, p)
    proxy.say("mute", p["way"])
    yield p["seconds"]
    if p["cut"]:
        proxy.say("cut", "rst")
    proxy.say("clear")
    yield from progress(w, pool_of(w, p["whose"]), "half_open")


@attack(lasting(1, 6, some_proxy), that_proxy)
def refuse_connections(w, p):
    proxy = proxy_of(w, p)
    proxy.say("refuse", 1)
    proxy.say("cut", "rst")
    yield p["seconds"]
    proxy.say("clear")
    yield from progress(w, pool_of(w, p["whose"]), "refuse_connections")


@attack(some_call, that_proxy)
def drop_reply(w, p):
    """The call is made and its caller does not learn of it."""
    yield from catch(w, dict(p, where="drop"), 1)
    yield from progress(w, pool_of(w, p["whose"]), "drop_reply")


@attack(lambda r, z: {"ms": r.randint(10, 5000), **some_call(r, z)}, that_proxy)
def late_call(w, p):
    """The call is made long after its caller has given up the connection and made it again."""
    yield from catch(w, dict(p, where="late"), 1, p["ms"])
    yield p["ms"] / 1000
    yield from progress(w, pool_of(w, p["whose"]), "late_call")


@attack(lasting(1, 6, some_call), that_proxy)
def delayed_reply(w, p):
    yield from catch(w, dict(p, where="reply"), 1)
    yield p["seconds"]
    proxy_of(w, p).say("clear")
    yield from progress(w, pool_of(w, p["whose"]), "delayed_reply")


@attack(lambda r, z: {"call": r.choice(["claim", "commit"]), "where": r.choice(["request", "reply"]),
                      **short_lease_agent(r, z)},
        that_agent)
def kill_agent_at_call(w, p):
    """A claim whose answer nobody hears: its lease is found by the others."""
    agent = w.agents[p["agent"]]
    whose = dict(p, whose=f"agent {p['agent']}")
    yield from catch(w, whose, 1)
    yield from kill_the_agent(w, agent)
    proxy_of(w, whose).say("clear")
    agent.start()
    yield from progress(w, agent.pool, "kill_agent_at_call")
