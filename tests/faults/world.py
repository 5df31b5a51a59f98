"""What the faults strike: a Redis server, agents and drivers behind bad networks, and the eye that sees all of it.

Everything runs in one folder. Drivers go on for ever: a run that ends with the bytes of the serial one is followed by
the next, so whatever is done meets runs under way, on a slow machine and on a fast one."""
import ctypes
import filecmp
import json
import os
import re
import shutil
import signal
import subprocess
import time

from processes import Failure, children, kill, now, tail, was_refused, write_file
from server import Proxy

PR_SET_CHILD_SUBREAPER = 36


class Agent:
    """A worker: the program that is shipped, unless told otherwise."""

    def __init__(self, world, pool, port, **how):
        self.world, self.pool, self.port = world, pool, port
        self.slots = how.get("slots", 2)
        self.worker = how.get("program", "etas-redis-worker")
        self.name = how.get("name", f"{pool}-{port}")
        self.options = how.get("options", ["--stall", "4s"])
        self.log = os.path.join(world.dir, f"agent-{self.name}.log")
        self.process, self.expected = None, False
        self.start()

    def start(self, wrong_by=0, slots=None):
        environment = dict(os.environ)
        if wrong_by != 0:
            path = os.path.join(self.world.dir, f"clock-{self.name}")
            write_file(path, wrong_by.to_bytes(8, "little", signed=True))
            environment.update(LD_PRELOAD=self.world.clock_library, FAULT_CLOCK=path)
        command = [self.world.program(self.worker), "--host", "127.0.0.1", "--port", str(self.port), "--pool",
                   self.pool, "--processes", str(slots or self.slots), "--log-level", "debug", *self.options]
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        self.expected = False

    def pid(self):
        return self.process.pid

    def slot_pids(self):
        return children(self.process.pid)

    def end(self, number):
        """Sends a signal that ends it."""
        self.expected = True
        kill(self.process.pid, number)

    def watch(self):
        code = self.process.poll()
        if code == 1 and not self.expected and was_refused(self.log):
            self.start()
            return None
        if code is not None and not self.expected:
            raise Failure(f"agent {self.name} ended by itself with {code}:\n{tail(self.log)}")
        return code


class Reference:
    """A run and the file that one serial process makes of it."""

    def __init__(self, world, config, n, seed):
        self.config, self.n, self.seed = config, n, seed
        self.file = os.path.join(world.dir, f"serial-{seed}-{n}.csv")
        self.log = os.path.join(world.dir, f"serial-{seed}-{n}.log")
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [world.program("etas"), "forecast", config, "-n", str(n), "--seed", str(seed), "-o", self.file,
                 "--distribute", "serial", "--discard-store"], cwd=world.dir, stdout=log, stderr=log)

    def wait(self):
        if self.process.wait() != 0:
            raise Failure("the serial run: " + tail(self.log))


class Line:
    """Drivers, one run after the other, each compared with the serial one."""

    def __init__(self, world, name, pool, port, **how):
        self.world, self.name, self.pool, self.port = world, name, pool, port
        self.driver = how.get("program", "etas")
        self.environment = how.get("environment", {})
        self.options = how.get("options", [])
        self.limit_s = how.get("limit_s", 420)
        self.only = how.get("reference")
        self.dir = os.path.join(world.dir, "line-" + name)
        os.mkdir(self.dir)
        self.file = os.path.join(self.dir, "run.csv")
        self.store = self.file + ".store"
        self.log = os.path.join(world.dir, f"line-{name}.log")
        self.process, self.reference, self.run = None, None, None
        self.begun, self.done, self.longest, self.repeated, self.log_at = 0, 0, 0, 0, 0
        self.expected, self.held, self.resting = False, False, False

    def command(self):
        return [self.world.program(self.driver), "forecast", self.reference.config, "-o", self.file, "--host",
                "127.0.0.1", "--port", str(self.port), "--pool", self.pool, "--task-duration", "0.5s", "--progress",
                "none", "--log-level", "debug", *self.options]

    def start(self, resume=False, wrong_by=0):
        environment = dict(os.environ, **self.environment)
        if wrong_by != 0:
            path = os.path.join(self.world.dir, f"clock-{self.name}")
            write_file(path, wrong_by.to_bytes(8, "little", signed=True))
            environment.update(LD_PRELOAD=self.world.clock_library, FAULT_CLOCK=path)
        if not resume:
            self.reference = self.only or self.world.next_reference(self)
            self.begun, self.run = now(), None
            self.log_at = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        more = ["--resume"] if resume else ["-n", str(self.reference.n), "--seed", str(self.reference.seed)]
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(self.command() + more, cwd=self.world.dir, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env=environment)
        self.expected = False

    def resume(self):
        self.start(resume=True)
        self.held = False

    def find_run(self):
        """The id of its run, when the driver has named it and the server knows it."""
        if self.run is None:
            with open(self.log, "rb") as log:
                log.seek(self.log_at)
                named = re.search(rb"^run ([0-9a-f]{6}): connected", log.read(), re.MULTILINE)
            for run in self.world.server.redis.ask("ZRANGE", f"etas:{{{self.pool}}}:v1:runs", 0, -1) or []:
                if named and run.startswith(named[1]):
                    self.run = run.decode()
        return self.run

    def position(self):
        """Grows as the run does: (runs done, catalogues stored)."""
        run = self.find_run()
        key = f"etas:{{{self.pool}}}:v1:run:{run}"
        stored = self.world.server.redis.ask("HGET", key, "stored") if run is not None else None
        return (self.done, int(stored) if stored else 0)

    def kill(self, number=signal.SIGKILL):
        """True when it was still there."""
        self.expected = True
        struck = kill(self.process.pid, number)
        return struck

    def watch(self):
        if self.process is None or self.held:
            return
        code = self.process.poll()
        if code is None:
            if now() - self.begun > self.limit_s:
                raise Failure(f"run {self.run} of line {self.name} has not ended in {self.limit_s} s:\n"
                              f"{self.world.state()}\n{tail(self.log)}")
            return
        if code == 0:
            self.finish()
        elif code == 1 and not self.expected and was_refused(self.log):
            self.start(resume=os.path.exists(self.store))
        elif not self.expected:
            raise Failure(f"the driver of line {self.name} ended with {code}:\n{tail(self.log)}")

    def check_output(self):
        """Either it is not there or it is whole."""
        if os.path.exists(self.file) and not filecmp.cmp(self.file, self.reference.file, shallow=False):
            raise Failure(f"line {self.name}: {self.file} has other bytes than {self.reference.file}")

    def finish(self):
        if not os.path.exists(self.file):
            raise Failure(f"line {self.name}: no {self.file}")
        self.check_output()
        left = sorted(os.listdir(self.dir))
        if left != ["run.csv", "run.csv.store"]:
            raise Failure(f"line {self.name} left {left}")
        self.longest = max(self.longest, now() - self.begun)
        self.count_repeats()
        self.done += 1
        for name in left:
            os.unlink(os.path.join(self.dir, name))
        self.process = None
        if not self.resting and not self.world.closing:
            self.start()

    def count_repeats(self):
        redis, prefix = self.world.server.redis, f"etas:{{{self.pool}}}:v1:"
        again = redis.ask("HGET", f"{prefix}summary:{self.run}", "repeated") if self.run is not None else None
        self.repeated += int(again or 0)  # nothing when the server has forgotten


class World:
    """All of it, in a fresh folder."""

    def __init__(self, folder, binaries, faults, source):
        self.dir, self.binaries, self.faults, self.source = folder, binaries, faults, source
        self.clock_library = os.path.join(faults, "libfault_clock.so")
        self.agents, self.lines, self.proxies, self.references = [], [], [], []
        self.turn, self.closing, self.server = 0, False, None
        self.pools, self.short_pool = [], None
        self.went_back = False  # the server once came back with an older copy of its data
        self.mended_by = {}  # run -> when at last it adds up again
        self.checks = 0
        # Whoever outlives its parent becomes a child of this process and is seen.
        if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise Failure("prctl")
        os.environ["TMPDIR"] = os.path.join(folder, "tmp")
        os.mkdir(os.environ["TMPDIR"])
        for name in ("ETAS_REDIS_URL", "ETAS_REDIS_PASSWORD", "ETAS_DISTRIBUTE"):
            os.environ.pop(name, None)

    def program(self, name):
        return os.path.join(self.faults if name.startswith("fault_") else self.binaries, name)

    def add_proxy(self, seed, server=None):
        self.proxies.append(Proxy(self, (server or self.server).socket, seed))
        return self.proxies[-1]

    def make_config(self, days=3650, threshold=5.5):
        for name in ("catalog.csv", "region.json"):
            shutil.copy(os.path.join(self.source, "examples", name), self.dir)
        with open(os.path.join(self.source, "examples", "forecast.json")) as file:
            config = json.load(file)
        config.update(forecast_duration=days, m_threshold=threshold)
        path = os.path.join(self.dir, "config.json")
        with open(path, "w") as file:
            json.dump(config, file)
        return path

    def rate(self, config):
        """Catalogues that one process makes in a second."""
        log = os.path.join(self.dir, "rate.log")
        with open(log, "w") as file:
            subprocess.run([self.program("etas"), "forecast", config, "-n", "4000", "--seed", "1", "-o",
                            os.path.join(self.dir, "rate.csv"), "--distribute", "serial", "--discard-store"],
                           cwd=self.dir, stdout=file, stderr=file, check=True)
        text = tail(log)
        return 4000 / max(0.01, float(text.rsplit("simulate ", 1)[1].split(",")[0]))

    def next_reference(self, line):
        """Another seed than any run under way in its pool."""
        taken = [other.reference for other in self.lines if other is not line and other.process is not None]
        while True:
            self.turn += 1
            reference = self.references[self.turn % len(self.references)]
            if reference not in taken:
                return reference

    def manager(self, pool, *words):
        """Exit code and output of the manager, past every proxy."""
        done = subprocess.run([self.program("etas-redis-manager"), *words, "--socket", self.server.socket, "--pool",
                               pool], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def state(self):
        """For people."""
        text = ""
        for pool in sorted({line.pool for line in self.lines}):
            try:
                text += self.manager(pool, "info")[1]
            except subprocess.TimeoutExpired:
                text += f"pool {pool}: the server does not answer\n"
        return text

    # What the server holds of every run adds up; after a loss, from the time on when it has been mended.
    def check_law(self):
        for pool in sorted({line.pool for line in self.lines}):
            code, out, err = self.manager(pool, "info", "--json", "--check")
            if not out:
                raise Failure(f"info of pool {pool} ended with {code}: {err}")
            self.checks += 1
            broken = [run["id"] for run in json.loads(out)["runs"] if not run["conserved"] and run["state"] != "finished"]
            if (code != 0) != bool(broken):
                raise Failure(f"info --check of pool {pool} ended with {code}: {err}")
            for run in broken:
                if now() > self.mended_by.get(run, 0):
                    raise Failure(f"run {run} of pool {pool} breaks the conservation law:\n{self.state()}")

    def lose(self, mend_s=90):
        """From now on the runs under way may not add up until they are mended."""
        for line in self.lines:
            if line.find_run() is not None:
                self.mended_by[line.run] = max(now() + mend_s, self.mended_by.get(line.run, 0))

    def spawn(self, log, name, *words):
        with open(os.path.join(self.dir, log), "w") as file:
            return subprocess.Popen([self.program(name), *words], cwd=self.dir, stdin=subprocess.DEVNULL, stdout=file,
                                    stderr=file)

    def fcall(self, pool, name, *words):
        return self.server.redis.call("FCALL", "etas_v1_" + name, 1, f"etas:{{{pool}}}:v1:pool", *words)

    def watch(self):
        for agent in self.agents:
            agent.watch()
        for line in self.lines:
            line.watch()
        for proxy in self.proxies:
            if proxy.process.poll() is not None:
                raise Failure("a proxy died")
        if self.server.process.poll() is not None and not self.server.down:
            raise Failure("the server died: " + tail(os.path.join(self.server.dir, "log")))

    def end(self):
        """Everything that is left, at once."""
        for pid in children(os.getpid()):
            kill(pid, signal.SIGCONT)
            kill(pid, signal.SIGKILL)
        until = now() + 10
        while children(os.getpid()) and now() < until:
            try:
                os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            time.sleep(0.02)

    def show_logs(self):
        for name in sorted(os.listdir(self.dir)):
            if name.endswith(".log"):
                print(f"--- {name}\n{tail(os.path.join(self.dir, name))}", flush=True)
