"""What the end-to-end cases stand on: a real Nix, a real nixtape, and a way to wait for an answer."""

import json
import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
LAUNCHER = HERE.parent / "nixtape"
REAL_NIX = HERE / "real-nix"
CANNOT_RUN_HERE = 69  # exit status of real-nix
BUILD_SECONDS = 600  # the first start of ./nixtape may have to compile it
START_SECONDS = 60
COMMAND_SECONDS = 120
ANSWER_SECONDS = 20  # from the end of a build to the answer that must know of it


class Wrong(Exception):
    """A case went wrong: what was expected and what came."""

    def __init__(self, expected, got):
        super().__init__(f"expected {expected}, got {got}")


class CannotRun(Exception):
    """This machine cannot host the tests."""


def expect(expected, got, of=""):
    if expected != got:
        raise Wrong(f"{of} {expected!r}".strip(), repr(got))


def expect_in(part, whole, of=""):
    if part not in (whole or ""):
        raise Wrong(f"{of} with {part!r}".strip(), repr(whole))


def eventually(check, seconds=ANSWER_SECONDS):
    """Calls check until it does not raise Wrong; after so many seconds, lets it raise. Returns what check returns."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return check()
        except Wrong:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Nix:
    """The Nix in e2e/real-nix. Every derivation is new in every run, by its salt."""

    SOCKET_DIR = "/run/nixtape"

    PRELUDE = """
      let
        system = builtins.currentSystem;
        salt = "%s";
        make = more: name: script: derivation ({
          inherit name system salt;
          builder = "/bin/sh";
          args = [ "-c" script ];
        } // more);
        sh = make { };
      in
    """

    def __init__(self):
        self._salt = time.time_ns()
        self._clients = []

    def up(self):
        if not shutil.which("kcat"):
            raise CannotRun("kcat, the foreign client that reads the tape, is not installed (apt-get install kcat)")
        started = subprocess.run([REAL_NIX, "up"], capture_output=True, text=True)
        if started.returncode == CANNOT_RUN_HERE:
            raise CannotRun(started.stderr.strip())
        started.check_returncode()
        self.root = pathlib.Path(started.stdout.strip())
        self.socket_dir = self.root / self.SOCKET_DIR.lstrip("/")
        self.socket_dir.mkdir(parents=True, exist_ok=True)
        (self.root / "e2e").mkdir(exist_ok=True)
        self.users = {
            fields[0]: int(fields[2])
            for fields in (line.split(":") for line in (self.root / "etc/passwd").read_text().splitlines())
        }
        self.configure(
            f"json-log-path = {self.SOCKET_DIR}/nix.sock",
            "trusted-substituters = file:///e2e/cache",
            "require-sigs = false",
        )

    def configure(self, *lines):
        subprocess.run([REAL_NIX, "conf", *lines], check=True)

    def down(self):
        for client in self._clients:
            if client.poll() is None:
                client.kill()
                client.wait()
        subprocess.run([REAL_NIX, "down"], check=True)

    def expression(self, name, body):
        """A file with this Nix expression, as Nix sees it. sh NAME SCRIPT is a derivation; make ATTRS NAME SCRIPT one with more."""
        path = f"/e2e/{name}.nix"
        (self.root / path.lstrip("/")).write_text(self.PRELUDE % self._salt + body)
        return path

    def start(self, *command, user="alice"):
        """Starts a client; its pid is the client's own, so it can be signalled."""
        client = subprocess.Popen(
            [REAL_NIX, "run", "-u", user, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._clients.append(client)
        return client

    def run(self, *command, user="alice", status=0):
        """Runs a client to its end and expects its exit status, unless that is None."""
        client = self.start(*command, user=user)
        out, err = client.communicate(timeout=COMMAND_SECONDS)
        if status is not None and client.returncode != status:
            raise Wrong(f"exit status {status} of {' '.join(command)}", f"{client.returncode}: {err.strip()[-500:]}")
        return out

    def build(self, file, *attributes, **more):
        return self.run("nix", "build", "--no-link", "-f", file, *attributes, **more)


class Nixtape:
    """One `nixtape up` on a data directory of its own, and the questions to it."""

    def __init__(self, nix):
        self._nix = nix
        self._scratch = tempfile.TemporaryDirectory(prefix="nixtape-e2e-")
        self.scratch = pathlib.Path(self._scratch.name)
        self._log = open(self.scratch / "up.log", "w+")
        self.address = f"127.0.0.1:{free_port()}"
        self.kafka_port = free_port()
        self._server = None
        self.ready_too_early = False
        self.environment = {**os.environ, "NIXTAPE_SERVER": f"http://{self.address}", "NIXTAPE_SOCKET_DIR": str(nix.socket_dir), "NO_COLOR": "1"}

    def start(self):
        # On one machine nixtape knows Nix's users from /etc/passwd. Here Nix has a Debian of its own: so in a mount namespace of
        # its own, nixtape gets an /etc/passwd with alice and bob in it.
        passwd = self.scratch / "passwd"
        own = pathlib.Path("/etc/passwd").read_text()
        passwd.write_text(own + "".join(f"{user}:x:{self._nix.users[user]}:65534::/:/bin/false\n" for user in ("alice", "bob")))
        with_users = ["unshare", "--mount", "--propagation", "private", "sh", "-c", 'mount --bind "$0" /etc/passwd; exec "$@"', passwd]
        self._server = subprocess.Popen(
            [*with_users, LAUNCHER, "up", "--data", self.scratch / "data", "--listen", self.address]
            + ["--kafka-port", str(self.kafka_port), "--socket-dir", self._nix.socket_dir, "--root", self._nix.root],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a ctrl-C of the tests is theirs to handle
        )
        eventually(self._is_ready, START_SECONDS)

    def _is_ready(self):
        if self._server.poll() is not None:
            raise RuntimeError(f"nixtape up ended with {self._server.returncode}:\n{self.log_of_server()}")
        try:
            with urllib.request.urlopen(f"http://{self.address}/v1/status", timeout=5) as answer:
                expect(200, answer.status, "/v1/status")
                self.ready_too_early |= not self._listens()
        except (urllib.error.URLError, OSError) as problem:
            raise Wrong("nixtape up to answer", f"{problem}\n{self.log_of_server()}") from problem

    def _listens(self):
        socket_path = str(self._nix.socket_dir / "nix.sock")
        sockets = (line.split() for line in pathlib.Path("/proc/net/unix").read_text().splitlines())
        return any(fields[3] == "00010000" and fields[7:] == [socket_path] for fields in sockets if fields[3:])

    def log_of_server(self):
        self._log.flush()
        return (self.scratch / "up.log").read_text()[-3000:]

    def kill(self):
        """kill -9"""
        self._server.kill()
        self._server.wait()

    def stop(self):
        """ctrl-C; it has five seconds."""
        self._server.send_signal(signal.SIGINT)
        self._server.wait(timeout=5)

    def is_up(self):
        return self._server is not None and self._server.poll() is None

    def close(self):
        if self.is_up():
            self.kill()
        self._scratch.cleanup()

    def command(self, *arguments, status=0):
        """What a command prints. Exit status 3, nothing found, is an answer too where status allows it."""
        done = subprocess.run(
            [LAUNCHER, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=self.environment,
            timeout=COMMAND_SECONDS,
        )
        allowed = status if isinstance(status, tuple) else (status,)
        if done.returncode not in allowed:
            raise Wrong(
                f"exit status {status} of nixtape {' '.join(map(str, arguments))}",
                f"{done.returncode}: {done.stderr.decode(errors='replace').strip()[-500:]}",
            )
        return done.stdout.decode()

    def get(self, path):
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=20) as answer:
            return json.load(answer)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self._server.pid}/fd"))

    def resident_mb(self):
        status = pathlib.Path(f"/proc/{self._server.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) // 1024

    def ask(self, *question):
        return json.loads(self.command(*question, "-o", "json", status=(0, 3)) or "[]")

    def activities(self, kind, name, *options):
        """All activities of a kind whose name starts so, oldest first."""
        found = [a for a in self.ask("builds", *options) if a["kind"] == kind and (a["name"] or "").startswith(name)]
        return sorted(found, key=lambda a: a["startedAt"])

    def builds(self, name):
        return self.activities("build", name, "--all")

    def sessions_of(self, activities):
        """The session that told of each first."""
        sessions = {s["id"]: s for s in self.ask("sessions")}
        return [sessions[a["session"]] for a in activities]

    def tape(self):
        """All records of the log as a foreign Kafka client reads them: key, value, and whether it is a chunk."""
        end = os.urandom(16).hex()
        read = subprocess.run(
            ["kcat", "-C", "-b", f"127.0.0.1:{self.kafka_port}", "-t", "nixtape.log", "-p", "0", "-o", "beginning", "-e", "-q"]
            + ["-f", "%K %S\n%k%s%h" + end],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_SECONDS,
        )
        if read.returncode != 0:
            raise RuntimeError(f"kcat: {read.stderr.decode()}")
        records = []
        at = 0
        while at < len(read.stdout):
            line = read.stdout.index(b"\n", at) + 1
            key_length, value_length = (max(0, int(length)) for length in read.stdout[at:line].split())  # -1 for none
            value = line + key_length
            headers = value + value_length
            at = read.stdout.index(end.encode(), headers)
            is_chunk = not re.search(rb"(^|,)k=", read.stdout[headers:at])
            records.append((read.stdout[line:value].decode(), read.stdout[value:headers], is_chunk))
            at += len(end)
        return records

    def log(self, activity):
        return self.command("log", activity["id"])


def compile_launcher():
    """The first start builds nixtape, which may take minutes: before any deadline runs."""
    done = subprocess.run([LAUNCHER, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=BUILD_SECONDS)
    if done.returncode != 0:
        raise RuntimeError(f"./nixtape --version: {done.stderr}")


def hostname():
    return platform.node()
