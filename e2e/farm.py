"""A small farm whose processes can be killed: a Kafka broker, `nixtape streams` and `nixtape ingest`, each a process of its own."""

import contextlib
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.request
import uuid

from harness import COMMAND_SECONDS, LAUNCHER, START_SECONDS, CannotRun, Wrong, eventually, expect, free_port
from service_manager import ServiceManager
from writers import LAST_ID, unread

LOG = "nixtape.log"


def launched(kind):
    """java and the class path, as the launcher chose them for a kind of command."""
    options = sorted((LAUNCHER.parent / "query-cli/target/launch/current").glob(f"{kind}-*.options"))
    if not options:
        subprocess.run([LAUNCHER, "up", "--help"], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        return launched(kind)
    words = shlex.split(options[0].read_text())
    version = options[0].name.removeprefix(f"{kind}-").removesuffix(".options")
    homes = [os.environ.get("JAVA_HOME", "/nowhere"), *map(str, pathlib.Path("/usr/lib/jvm").glob("*"))]
    for home in homes:
        release = pathlib.Path(home) / "release"
        if release.exists() and f'JAVA_RUNTIME_VERSION="{version}"' in release.read_text():
            return f"{home}/bin/java", words[words.index("-classpath") + 1]
    raise CannotRun(f"the JDK {version}, with which nixtape was built, is not under /usr/lib/jvm")


class Scratch:
    """A folder for everything of one case, its processes and its mounts: all of it ends with the case."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="nixtape-chaos-")
        self.path = pathlib.Path(self._folder.name)
        self._closing = contextlib.ExitStack()  # whatever one of them raises, the others are closed
        self._closing.callback(self._folder.cleanup)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._closing.close()

    def closing(self, something):
        self._closing.callback(something.close)
        return something

    def disk(self, name, megabytes):
        """A small disk of its own."""
        path = self.path / name
        path.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "nixtape-chaos", path], check=True)
        return self.closing(Disk(path))


class Disk:
    def __init__(self, path):
        self.path = path

    def resize(self, megabytes):
        subprocess.run(["mount", "-o", f"remount,size={megabytes}m", self.path], check=True)

    def close(self):
        subprocess.run(["umount", "--lazy", self.path], check=True)


class Broker:
    """A real Kafka of one node, with short timeouts: what was killed is back within seconds."""

    name = "broker"

    def __init__(self, folder, data=None, **settings):
        self._folder = folder / "broker"
        self._folder.mkdir()
        self.data = data or self._folder / "data"
        self.port, controller_port = free_port(), free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._log = open(self._folder / "log", "ab")
        self._process = None
        self._java, self._class_path = launched("server")
        properties = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://127.0.0.1:{controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.address}",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": self.data,
            "num.partitions": 3,
            "auto.create.topics.enable": "true",
            "group.initial.rebalance.delay.ms": 0,
            "broker.session.timeout.ms": 1000,
            "broker.heartbeat.interval.ms": 200,
            "num.network.threads": 1,
            "num.io.threads": 2,
            "background.threads": 1,
            "group.coordinator.threads": 1,
            "share.coordinator.threads": 1,
            "num.recovery.threads.per.data.dir": 1,
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "share.coordinator.state.topic.num.partitions": 1,
            "log.cleaner.dedupe.buffer.size": 4 << 20,
            **settings,
        }
        self._properties = self._folder / "server.properties"
        self._properties.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
        cluster = str(uuid.uuid4())
        formatted = subprocess.run(
            [*self._command("kafka.tools.StorageTool"), "format", "-t", cluster, "-c", self._properties],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
        )
        if formatted.returncode:
            raise RuntimeError(f"formatting Kafka's directory: {formatted.stdout}{formatted.stderr}")

    def _command(self, main):
        # C1 alone: it lives for seconds
        return [self._java, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-classpath", self._class_path, main]

    def start(self):
        self._process = subprocess.Popen(
            [*self._command("kafka.Kafka"), self._properties],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def await_ready(self):
        def check():
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError as e:
                if not self.is_up():
                    raise RuntimeError(f"the broker ended with {self._process.returncode}:\n{self.log()}") from e
                raise Wrong("the broker to listen", e) from e

        eventually(check, START_SECONDS)

    def is_up(self):
        return self._process is not None and self._process.poll() is None

    def kill(self):
        """kill -9"""
        self._process.kill()
        self._process.wait()

    def stand_still(self):
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self._process.send_signal(signal.SIGCONT)

    def log(self):
        return (self._folder / "log").read_text(errors="replace")[-3000:]

    def close(self):
        if self.is_up():
            self.kill()
        self._log.close()


class Streams:
    """`nixtape streams`, and the questions to it."""

    name = "streams"

    def __init__(self, folder, broker):
        self._folder = folder / "streams"
        self._folder.mkdir()
        self._broker = broker
        self._address = f"127.0.0.1:{free_port()}"
        self._log = open(self._folder / "log", "ab")
        self._process = None

    def start(self, *options):
        self._process = subprocess.Popen(
            [LAUNCHER, "streams", "--bootstrap-servers", self._broker.address, "--data", self._folder / "data"]
            + ["--listen", self._address, "--partitions", "3", *options],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def await_ready(self):
        def check():
            if not self.is_up():
                # It ends when there is no broker at its start; a service manager would do this.
                self.start()
            try:
                with urllib.request.urlopen(f"http://{self._address}/v1/status", timeout=5) as answer:
                    expect(200, answer.status, "/v1/status")
            except OSError as e:
                raise Wrong("nixtape streams to answer", f"{e}\n{self.log()}") from e

        eventually(check, 2 * START_SECONDS)

    def is_up(self):
        return self._process is not None and self._process.poll() is None

    def kill(self):
        """kill -9"""
        self._process.kill()
        self._process.wait()

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=30)

    def forget(self):
        """Throws away its state."""
        shutil.rmtree(self._folder / "data")

    def ask(self, *question):
        done = subprocess.run(
            [LAUNCHER, *question, "--server", f"http://{self._address}", "-o", "json"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_SECONDS,
        )
        if done.returncode not in (0, 3):
            raise Wrong(f"an answer to {' '.join(question)}", f"{done.returncode}: {done.stderr.decode(errors='replace')[-500:]}")
        return json.loads(done.stdout or b"[]")

    def log(self):
        return (self._folder / "log").read_text(errors="replace")[-3000:]

    def close(self):
        if self.is_up():
            self.kill()
        self._log.close()


class Shim:
    """`nixtape ingest` under a service manager."""

    SEGMENT = re.compile(r".+\.[0-9]+")

    def __init__(self, folder, broker, *options, spool=None, socket_unit=True, keeps=True):
        self._folder = folder / "shim"
        self._folder.mkdir()
        self.keeps = keeps
        self.spool = spool or self._folder / "spool"
        self.socket_path = self._folder / "nix.sock"
        self.manager = ServiceManager(
            [LAUNCHER, "ingest", "--bootstrap-servers", broker.address, "--socket-dir", self._folder, "--spool", self.spool]
            + ["--listen", f"127.0.0.1:{free_port()}", *options],
            self._folder / "log",
            listen=self.socket_path if socket_unit else None,
            keeps=keeps,
        )
        self.manager.name = "shim"

    def start(self):
        self.manager.start()

    def await_ready(self):
        # Without a way to say that it is ready, it just begins to listen: what is written meanwhile waits in the socket.
        if self.keeps and not self.manager.await_ready(START_SECONDS):
            raise Wrong("nixtape ingest to say that it is ready", self.manager.log())

    def segments(self):
        return [path for path in self.spool.glob("*/*") if self.SEGMENT.fullmatch(path.name)]

    LAST = b'{"action":"stop","id":%d}\n' % (LAST_ID << 32)

    def await_published(self, seconds):
        """Waits until nothing is left in the spool: every session is over, and Kafka has all of it. Nobody may connect any more."""
        self.await_ready()
        with socket.socket(socket.AF_UNIX) as last:
            last.connect(str(self.socket_path))
            last.sendall(self.LAST)
            # then all that came before it are accepted
            eventually(lambda: expect(0, unread(last), "unread bytes of the last connection:"), seconds)

        def check():
            if not self.manager.is_up():
                raise RuntimeError(f"nixtape ingest ended:\n{self.manager.log()}")
            left = self.segments()
            if left:
                raise Wrong("an empty spool", f"{len(left)} segments, as {left[0].name}; the shim says:\n{self.manager.log()}")

        eventually(check, seconds)

    def close(self):
        self.manager.close()


class Record:
    """A record of the log, as a foreign client reads it."""

    def __init__(self, fields):
        self.key = fields["key"]
        self.value = (fields["payload"] or "").encode("latin-1")
        headers = dict(zip(fields["headers"][::2], fields["headers"][1::2]))
        self.offset = int.from_bytes((headers["o"] or "").encode("latin-1"), "big")
        self.kind = headers.get("k", "chunk")
        self.entry = json.loads(headers["e"].encode("latin-1")) if "e" in headers else {}


def records(broker):
    """All records of the log, each partition's in order."""
    reader = subprocess.Popen(
        ["kcat", "-C", "-b", broker.address, "-t", LOG, "-o", "beginning", "-e", "-q", "-J", "-X", "isolation.level=read_uncommitted"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    try:
        for line in reader.stdout:
            # kcat writes bytes into JSON as they are: each becomes a character, and back
            yield Record(json.loads(line.decode("latin-1"), strict=False))
        if reader.wait(timeout=COMMAND_SECONDS):
            raise RuntimeError(f"kcat ended with {reader.returncode}")
    finally:
        reader.kill()
        reader.wait()
        reader.stdout.close()


class Sessions:
    """What the log holds of each session, by the rule that docs/log.md gives every reader."""

    def __init__(self, broker):
        self.by_key = {}
        for record in records(broker):
            if record.kind != "listening":
                self.by_key.setdefault(record.key, Session()).add(record)

    def of(self, writer):
        """Those that hold something which a writer finds its own number in, by that number; under None those that hold nothing such."""
        found = {}
        for key, session in self.by_key.items():
            numbers = (writer(part) for _, part in session.parts)
            found.setdefault(next((number for number in numbers if number is not None), None), []).append((key, session))
        return found


class Session:
    def __init__(self):
        self.parts = []  # (offset, bytes)
        self.gaps = []  # (offset, missing, lines, why)
        self.reached = 0
        self.wrong = []
        self.opened = 0
        self.closed = None
        self.repeated = 0

    def add(self, record):
        if record.kind == "opened":
            self.opened += 1
        elif record.kind == "chunk":
            self._advance(record.offset, len(record.value), lambda skip: self.parts.append((self.reached, record.value[skip:])))
        elif record.kind == "gap":
            entry = record.entry

            def gap(skip):
                if skip:
                    self.wrong.append(f"a gap at {record.offset} of {entry['missing']} bytes covers bytes that are there, up to {self.reached}")
                self.gaps.append((self.reached, entry["missing"] - skip, entry["lines"], entry["why"]))

            self._advance(record.offset, entry["missing"], gap)
        elif record.kind == "closed":
            if record.offset != self.reached:
                self.wrong.append(f"closed at {record.offset}, but {self.reached} was reached")
            self.closed = record.entry["how"]

    def _advance(self, offset, length, take):
        if offset > self.reached:
            self.wrong.append(f"nobody accounts for what is between {self.reached} and {offset}")
            self.reached = offset
        skip = self.reached - offset
        self.repeated += min(skip, length)
        if skip < length or length == 0 == skip:
            if self.closed:
                self.wrong.append(f"something follows at {self.reached} after it was closed")
            take(skip)
            self.reached = offset + length

    def differs(self, written):
        """What is not as it was written, apart from what gaps account for; None when all is."""
        if self.wrong:
            return "; ".join(self.wrong[:3])
        for offset, part in self.parts:
            if written[offset : offset + len(part)] != part:
                return f"the bytes from {offset} on are not those written"
        return None

    def lines_missing(self, written):
        """Lines that ended in the gaps, as they were written."""
        return sum(written.count(b"\n", offset, offset + missing) for offset, missing, _, _ in self.gaps)
