"""The server, a client of it, and the bad network of one participant."""
import os
import shutil
import socket
import subprocess
import time

from processes import Away, Failure, Refused, now, tail, write_file


class Redis:
    """A client of its own, so that what looks on depends on nothing that is looked at."""

    def __init__(self, path, patience=3):
        self.path, self.patience, self.link, self.file = path, patience, None, None

    def close(self):
        if self.link is not None:
            self.file.close()
            self.link.close()
        self.link = self.file = None

    def read(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise Away("end of file")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            return Refused(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            if int(rest) < 0:
                return None
            return self.file.read(int(rest) + 2)[:-2]
        return None if int(rest) < 0 else [self.read() for _ in range(int(rest))]

    def call(self, *words):
        data = b"*%d\r\n" % len(words)
        for word in words:
            word = word if isinstance(word, bytes) else str(word).encode()
            data += b"$%d\r\n%s\r\n" % (len(word), word)
        try:
            if self.link is None:
                self.link = socket.socket(socket.AF_UNIX)
                self.link.settimeout(self.patience)
                self.link.connect(self.path)
                self.file = self.link.makefile("rb")
            self.link.sendall(data)
            reply = self.read()
        except (OSError, ValueError, Away) as error:
            if self.file is None:
                self.link = None
            else:
                self.close()
            raise Away(str(error)) from error
        if isinstance(reply, Refused):
            raise reply
        return reply

    def ask(self, *words):
        """As call; None when there is no answer, or an error."""
        try:
            return self.call(*words)
        except (Away, Refused):
            return None


class Server:
    """A private redis-server on a unix socket, append-only, with a wall clock that can be set wrong."""

    def __init__(self, world, name="redis", options=()):
        self.world, self.options = world, options
        self.dir = os.path.join(world.dir, name)
        self.socket = os.path.join(self.dir, "s")
        self.clock = os.path.join(self.dir, "clock")
        self.process = None
        os.mkdir(self.dir)
        self.set_clock(0)
        self.redis, self.down = Redis(self.socket), False
        self.start()

    def set_clock(self, seconds):
        if os.path.exists(self.clock):
            with open(self.clock, "r+b") as file:  # in place: it is mapped
                file.write(seconds.to_bytes(8, "little", signed=True))
        else:
            write_file(self.clock, seconds.to_bytes(8, "little", signed=True))

    def start(self, appendonly="yes"):
        command = ["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", self.dir, "--save", "",
                   "--appendonly", appendonly, "--appendfsync", "everysec", "--aof-load-truncated", "yes",
                   "--enable-debug-command", "yes", "--busy-reply-threshold", "300", *self.options]
        environment = dict(os.environ, LD_PRELOAD=self.world.clock_library, FAULT_CLOCK=self.clock)
        with open(os.path.join(self.dir, "log"), "a") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment)
        until = now() + 60
        while self.redis.ask("PING") != "PONG":
            if self.process.poll() is not None or now() > until:
                raise Failure("redis-server does not start: " + tail(os.path.join(self.dir, "log")))
            time.sleep(0.02)
        self.down = False

    def kill(self):
        self.down = True
        self.process.kill()
        self.process.wait()
        self.redis.close()

    def data(self):
        return os.path.join(self.dir, "appendonlydir")

    def forget(self):
        shutil.rmtree(self.data(), ignore_errors=True)
        if os.path.exists(os.path.join(self.dir, "dump.rdb")):
            os.unlink(os.path.join(self.dir, "dump.rdb"))


class Proxy:
    """The bad network of one participant."""

    def __init__(self, world, server_socket, seed):
        self.process = subprocess.Popen([world.program("fault_proxy"), server_socket, str(seed)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())
        os.set_blocking(self.process.stdout.fileno(), False)
        self.caught = 0

    def say(self, *words):
        self.process.stdin.write((" ".join(str(word) for word in words) + "\n").encode())
        self.process.stdin.flush()

    def look(self):
        """How often it has caught a call so far."""
        data = self.process.stdout.read()
        self.caught += data.count(b"caught ") if data else 0
        return self.caught

    def end(self):
        self.process.stdin.close()
        self.process.wait()
