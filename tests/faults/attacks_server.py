"""Attacks on the server and on what it holds."""
import os
import shutil
import signal

import attacks
from attacks import all_agents, attack, lasting, nothing, progress, the_server, until
from processes import Away, Failure, Refused, kill
from server import Redis

# ---- the server's process

def server_back(w, kind):
    yield from progress(w, None, kind)


@attack(lasting(0, 3), the_server)
def restart_server(w, p):
    """kill -9; it comes back with its append-only file."""
    w.lose()  # the last second may be gone
    w.server.kill()
    yield p["seconds"]
    w.server.start()
    w.went_back = True
    yield from server_back(w, "restart_server")


@attack(lambda r, z: {"seconds": round(r.uniform(5, 7) if z["short"] else r.uniform(8, 60), 2)}, the_server)
def server_away(w, p):
    w.lose()
    w.server.kill()
    yield p["seconds"]
    w.server.start()
    w.went_back = True
    yield from server_back(w, "server_away")


@attack(lambda r, z: {"share": round(r.uniform(0.01, 0.4), 3)}, the_server)
def restart_with_truncated_file(w, p):
    w.lose()
    w.server.kill()
    files = [os.path.join(w.server.data(), name) for name in os.listdir(w.server.data()) if ".incr." in name]
    size = os.path.getsize(files[0])
    os.truncate(files[0], size - min(size, int(p["share"] * min(size, 3000000))))
    w.server.start()
    w.went_back = True
    yield from server_back(w, "restart_with_truncated_file")


@attack(lasting(1, 6), the_server)
def restart_with_older_file(w, p):
    older = os.path.join(w.dir, "older")
    shutil.copytree(w.server.data(), older)
    yield p["seconds"]
    w.lose()
    w.server.kill()
    w.server.forget()
    shutil.move(older, w.server.data())
    w.server.start()
    w.went_back = True
    yield from server_back(w, "restart_with_older_file")


@attack(lasting(1, 6), the_server)
def restart_with_older_dump(w, p):
    w.server.redis.call("SAVE")
    yield p["seconds"]
    w.lose()
    w.server.kill()
    shutil.rmtree(w.server.data())
    w.server.start(appendonly="no")
    w.server.redis.call("CONFIG", "SET", "appendonly", "yes")
    yield from until(w, "a new append-only file",
                     lambda: b"aof_rewrite_in_progress:0" in (w.server.redis.ask("INFO", "persistence") or b""), 60)
    os.unlink(os.path.join(w.server.dir, "dump.rdb"))
    w.went_back = True
    yield from server_back(w, "restart_with_older_dump")


@attack(lasting(0, 3), the_server)
def restart_empty(w, p):
    w.lose()
    w.server.kill()
    w.server.forget()
    yield p["seconds"]
    w.server.start()
    yield from server_back(w, "restart_empty")


@attack(lasting(1, 8), the_server)
def freeze_server(w, p):
    os.kill(w.server.process.pid, signal.SIGSTOP)
    yield p["seconds"]
    os.kill(w.server.process.pid, signal.SIGCONT)
    yield from server_back(w, "freeze_server")


@attack(lambda r, z: {"seconds": r.choice([-86400, 86400, -120, 120, -7, 7])}, the_server)
def clock_of_server(w, p):
    """It jumps, and after a while jumps back."""
    w.server.set_clock(p["seconds"])
    yield from server_back(w, "clock_of_server")
    w.server.set_clock(0)
    yield from server_back(w, "clock_of_server, back")


# ---- commands that hurt

@attack(nothing, the_server)
def flush_all(w, _):
    w.lose()
    w.server.redis.call("FLUSHALL")
    yield from server_back(w, "flush_all")


@attack(nothing, the_server)
def flush_functions(w, _):
    w.server.redis.call("FUNCTION", "FLUSH")
    yield from server_back(w, "flush_functions")


@attack(lambda r, z: {"times": r.randint(1, 4)}, the_server)
def kill_clients(w, p):
    for _ in range(p["times"]):
        w.server.redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        yield 0.3
    yield from server_back(w, "kill_clients")


@attack(lambda r, z: {"ms": r.randint(500, 5000), "what": r.choice(["WRITE", "ALL"])}, the_server)
def pause_clients(w, p):
    w.server.redis.call("CLIENT", "PAUSE", p["ms"], p["what"])
    yield p["ms"] / 1000
    yield from server_back(w, "pause_clients")


def send_only(w, *words):
    """On a connection of its own; nobody waits for the answer."""
    other = Redis(w.server.socket, patience=0.05)
    try:
        other.call(*words)
    except (Away, Refused):
        pass
    return other


@attack(lasting(1, 6), the_server)
def server_sleeps(w, p):
    send_only(w, "DEBUG", "SLEEP", p["seconds"]).close()
    yield p["seconds"]
    yield from server_back(w, "server_sleeps")


@attack(lasting(1, 4), the_server)
def server_is_busy(w, p):
    """Somebody's script does not end: everybody hears BUSY, until it is killed."""
    other = send_only(w, "EVAL", "while true do end", "0")
    yield p["seconds"]
    for _ in range(200):
        if w.server.redis.ask("SCRIPT", "KILL") == "OK":
            break
        yield 0.1
    else:
        raise Failure("the script cannot be killed")
    other.close()
    yield from server_back(w, "server_is_busy")


@attack(lasting(2, 5, lambda r, z: {"spare": r.randint(0, 400000)}), the_server)
def memory_full(w, p):
    used = next(int(line.split(b":")[1]) for line in w.server.redis.call("INFO", "memory").split(b"\r\n")
                if line.startswith(b"used_memory:"))
    w.server.redis.call("CONFIG", "SET", "maxmemory", used + p["spare"])
    yield p["seconds"]
    w.server.redis.call("CONFIG", "SET", "maxmemory", 0)
    yield from server_back(w, "memory_full")


@attack(nothing, the_server)
def wrong_policy(w, _):
    """A server that may drop keys: who starts refuses it and says why."""
    w.server.redis.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    port = w.proxies[0].port
    for pool in sorted({agent.pool for agent in w.agents}):
        process = w.spawn("refused.log", "etas-redis-worker", "--host", "127.0.0.1", "--port", str(port), "--pool", pool)
        yield from until(w, "a worker's refusal", lambda: process.poll() is not None, 60)
        with open(os.path.join(w.dir, "refused.log")) as file:
            text = file.read()
        if process.returncode != 1 or "noeviction" not in text:
            raise Failure(f"a server with allkeys-lru: the worker ended with {process.returncode}: {text}")
    w.server.redis.call("CONFIG", "SET", "maxmemory-policy", "noeviction")
    yield from server_back(w, "wrong_policy")


# ---- the manager

@attack(lambda r, z: {"pool": r.randrange(2)}, the_server)
def reset_workers(w, p):
    pool = w.pools[p["pool"]]
    yield from attacks.busy(w, pool)
    if w.manager(pool, "reset-workers")[0] != 0:
        raise Failure("reset-workers failed")
    yield from progress(w, pool, "reset_workers")


@attack(lambda r, z: {"pool": r.randrange(2), "now": r.random() < 0.5}, all_agents)
def stop_agents(w, p):
    """Told to by the manager; others come."""
    pool = w.pools[p["pool"]]
    victims = [agent for agent in w.agents if agent.pool == pool]
    for agent in victims:
        agent.expected = True
    if w.manager(pool, "stop", *(["--now"] if p["now"] else []))[0] != 0:
        raise Failure("stop failed")
    for agent in victims:
        code = yield from attacks.wait_ended(w, agent, 120)
        if code != 0:
            raise Failure(f"agent {agent.name} stopped with {code}")
        agent.start()
    yield from progress(w, pool, "stop_agents")


@attack(lasting(1, 4, lambda r, z: {"pool": r.randrange(2)}), the_server)
def pause_pool(w, p):
    pool = w.pools[p["pool"]]
    w.fcall(pool, "control", "pause")
    yield p["seconds"]
    w.fcall(pool, "control", "resume")
    yield from progress(w, pool, "pause_pool")


# ---- pieces of what it holds

KEYS = ["pool", "runs", "past", "run:R", "pending:R", "leases", "outmeta:R", "out:R", "dead:R", "model:S", "summary:R",
        "agents", "info", "marks", "wake", "wake:R", "versions"]
RUN_FIELDS = ["name", "epoch", "serial", "n", "stored", "seed", "algorithm", "sha", "chunk", "task_ms", "attempts",
              "max_lost", "mark", "lease_ms", "created", "beat", "state", "submitted", "acked", "discarded",
              "simulated", "repeated", "pend", "bytes", "full", "nomodel", "rate", "rate_ms", "rate_n"]
POOL_FIELDS = ["token", "turn", "paused", "reap", "swept", "pruned", "slots", "simulated"]


def keys_of(w, pool, name):
    """The keys of that name: as many as there are runs."""
    if name == "versions":
        return [f"etas:{{{pool}}}:versions".encode()]
    pattern = f"etas:{{{pool}}}:v1:" + name.replace(":R", ":*").replace(":S", ":*")
    return sorted(w.server.redis.call("KEYS", pattern))


def damaged(data, p):
    """A bit is wrong, the end is missing, or it is something else."""
    at = int(p["at"] * len(data))
    if p["how"] == "flip":
        return data[:at] + bytes([data[at] ^ 1 << int(8 * p["at"])]) + data[at + 1:]
    return data[:at] if p["how"] == "cut" else b"rubbish"


def after_loss(w, p, pool, kind):
    """The drivers look when they connect again; else when nothing comes any more."""
    if p["cut"]:
        w.server.redis.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    yield from progress(w, pool, kind)


def lossy(random, sizes):
    pool = random.randrange(2)
    return {"pool": pool, "cut": random.random() < 0.5 or (sizes["short"] and pool == 1)}


@attack(lambda r, z: {"key": r.choice(KEYS), **lossy(r, z)}, the_server)
def delete_key(w, p):
    pool = w.pools[p["pool"]]
    yield from attacks.busy(w, pool)
    w.lose(60 if p["cut"] else 200)
    for key in keys_of(w, pool, p["key"]):
        w.server.redis.call("DEL", key)
    w.count("deleted " + p["key"])
    yield from after_loss(w, p, pool, "delete_key")


@attack(lambda r, z: {"list": r.choice(["pending:R", "outmeta:R", "out:R"]), "head": r.random() < 0.5,
                      "share": round(r.random(), 2), **lossy(r, z)}, the_server)
def trim_list(w, p):
    pool = w.pools[p["pool"]]
    yield from attacks.busy(w, pool)
    w.lose(60 if p["cut"] else 200)
    for key in keys_of(w, pool, p["list"]):
        n = 1 + int(p["share"] * w.server.redis.call("LLEN", key))
        w.server.redis.call("LTRIM", key, *((n, -1) if p["head"] else (0, -n - 1)))
    yield from after_loss(w, p, pool, "trim_list")


@attack(lambda r, z: {"set": r.choice(["leases", "leases", "agents", "runs"]), "at": r.random(), **lossy(r, z)}, the_server)
def remove_member(w, p):
    pool = w.pools[p["pool"]]
    yield from attacks.busy(w, pool)
    w.lose(60 if p["cut"] else 200)
    for key in keys_of(w, pool, p["set"]):
        n = w.server.redis.call("ZCARD", key)
        if n > 0:
            at = int(p["at"] * n)
            w.server.redis.call("ZREMRANGEBYRANK", key, at, at)
    yield from after_loss(w, p, pool, "remove_member")


def some_field(random, sizes):
    key = random.choice(["run:R", "run:R", "pool", "info", "model:S"])
    fields = {"run:R": RUN_FIELDS, "pool": POOL_FIELDS, "info": ["*"], "model:S": ["parts", "length", "0"]}
    return {"key": key, "field": random.choice(fields[key]), **lossy(random, sizes)}


@attack(some_field, the_server)
def delete_field(w, p):
    pool = w.pools[p["pool"]]
    yield from attacks.busy(w, pool)
    w.lose(60 if p["cut"] else 200)
    for key in keys_of(w, pool, p["key"]):
        fields = w.server.redis.call("HKEYS", key)[:1] if p["field"] == "*" else [p["field"]]
        if fields:
            w.server.redis.call("HDEL", key, *fields)
    w.count(f"deleted field {p['field']} of {p['key']}")
    yield from after_loss(w, p, pool, "delete_field")


@attack(lambda r, z: {"at": r.random(), "how": r.choice(["flip", "cut", "rubbish"]), **attacks.some_line(r, z)},
        lambda p: {f"line {p['line']}", "server"})
def damage_result(w, p):
    """A frame that waits for its driver, which stands still meanwhile, is no longer what it was."""
    line = w.lines[p["line"]]
    yield from attacks.line_busy(w, line)
    victim = line.process.pid
    kill(victim, signal.SIGSTOP)
    key = f"etas:{{{line.pool}}}:v1:out:{line.run}"
    for _ in range(100):
        if (w.server.redis.ask("LLEN", key) or 0) > 0:
            break
        yield 0.1
    n = w.server.redis.ask("LLEN", key) or 0
    if n > 0:
        at = int(p["at"] * n)
        w.server.redis.call("LSET", key, at, damaged(w.server.redis.call("LINDEX", key, at), p))
        w.count("frames damaged")
    kill(victim, signal.SIGCONT)
    yield from progress(w, line.pool, "damage_result")


@attack(lambda r, z: {"how": r.choice(["flip", "cut"]), "at": r.random(), "pool": r.randrange(2)}, all_agents)
def damage_model(w, p):
    """A part of the model is no longer what it was, and new agents come that need it."""
    pool = w.pools[p["pool"]]
    yield from attacks.busy(w, pool)
    for key in keys_of(w, pool, "model:S"):
        w.server.redis.call("HSET", key, 0, damaged(w.server.redis.call("HGET", key, 0) or b"x", p))
        w.count("models damaged")
    for agent in w.agents:
        if agent.pool == pool:
            yield from attacks.kill_the_agent(w, agent)
            agent.start()
    yield from progress(w, pool, "damage_model")
