"""What the benchmarks stand on: the recording, servers and JVMs started like ./nixtape starts them, and medians of pairs."""

import http.client
import json
import os
import pathlib
import random
import shlex
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
LAUNCHER = ROOT / "nixtape"
REAL_NIX = ROOT / "e2e/real-nix"
CORPUS = ROOT.parent / "shared/corpus/nom-shell.nix-log.zst"
TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS = 120
DRAIN_SECONDS = 300


class CannotRun(Exception):
    """What this machine lacks for a benchmark."""


def need(program, package):
    if not shutil.which(program):
        raise CannotRun(f"needs {program}: install {package}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(check, seconds, what):
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


class Bench:
    """One benchmark: its scratch folder, its processes, and its results."""

    def __init__(self, name, pairs):
        self.name = name
        self.pairs = pairs
        self._processes = []
        self._ports = ()

    def __enter__(self):
        self._scratch = tempfile.TemporaryDirectory(prefix="nixtape-bench-")
        self.folder = pathlib.Path(self._scratch.name)
        # Builds and prepares each kind of JVM when that is due: never while something is measured.
        for command in (["--version"], ["builds", "--help"], ["up", "--help"]):
            subprocess.run([LAUNCHER, *command], check=True, stdout=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        for process in reversed(self._processes):
            stop(process)
        self._scratch.cleanup()

    def say(self, *words):
        print("  ", *words, flush=True)

    def ratio(self, ours, unit, reference, what, part=""):
        """The result: the medians, and the median of the pairs' ratios."""
        ratio = statistics.median(o / r for o, r in zip(ours, reference))
        ours, reference = statistics.median(ours), statistics.median(reference)
        name = f"{self.name}-{part}" if part else self.name
        print(f"RATIO {name} ours={short(ours)} {unit} reference={short(reference)} ({what}) ratio={ratio:.2f}", flush=True)

    def start(self, command, **more):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **more)
        self._processes.append(process)
        return process

    def up(self, *options):
        """Always with the same data and ports, as a server that is started again."""
        if not self._ports:
            self._ports = free_port(), free_port()
        return Up(self, *self._ports, options)

    def corpus(self):
        """The recording as a plain file: as Nix writes it to a terminal's pipe, each line behind `@nix `."""
        named = os.environ.get("NIXTAPE_CORPUS")
        source = pathlib.Path(named) if named else CORPUS
        if source.suffix == ".zst" and source.exists():
            need("zstd", "zstd, or name a plain file with NIXTAPE_CORPUS")
            plain = self.folder / "corpus.log"
            with open(plain, "wb") as out:
                subprocess.run(["zstd", "-dcq", source], stdout=out, check=True)
        elif source.exists():
            plain = source
        elif named:
            raise CannotRun(f"NIXTAPE_CORPUS names {named}, which is not there")
        else:
            plain = self.folder / "corpus.log"
            self.say("no recording there: it is made up, in the shape of a real one")
            make_up(plain)
        lines = plain.read_bytes().count(b"\n")
        self.say(f"recording: {lines:,} lines, {plain.stat().st_size / 1e6:.0f} MB")
        return Corpus(plain, lines)


class Corpus:
    def __init__(self, path, lines):
        self.path = path
        self.lines = lines
        self.bytes = path.stat().st_size


class Up:
    """A `nixtape up` of its own."""

    def __init__(self, bench, port, kafka_port, options):
        self.data = bench.folder / "data"
        self.port = port
        self.kafka_port = kafka_port
        self.kafka = f"127.0.0.1:{kafka_port}"
        self.socket_path = self.data / "sock/nix.sock"
        self._out = bench.folder / "up.out"
        began = time.monotonic()
        with open(self._out, "w") as out:
            self.process = bench.start(
                [
                    LAUNCHER, "up", "--data", self.data, "--socket-dir", self.socket_path.parent,
                    "--listen", f"127.0.0.1:{port}", "--kafka-port", str(kafka_port), *options,
                ],
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        wait_until(self._ready, START_SECONDS, "nixtape up is ready: " + str(self._out))
        self.started = time.monotonic() - began
        self._connection = http.client.HTTPConnection("127.0.0.1", port)

    def _ready(self):
        if self.process.poll() is not None:
            raise RuntimeError("nixtape up ended: " + self._out.read_text())
        return "\nready" in self._out.read_text()

    def raw(self, path):
        """An answer's bytes, over one kept connection."""
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
        return body

    def lines(self):
        """Lines that are projected so far."""
        return json.loads(self.raw("/v1/topics"))["log"]["lines"]

    def await_lines(self, lines):
        wait_until(lambda: self.lines() >= lines, DRAIN_SECONDS, f"{lines} lines are projected")

    def ingest_pipe(self, corpus, host):
        with open(corpus.path, "rb") as lines:
            done = subprocess.run(
                [LAUNCHER, "ingest", "pipe", "--host", host, "--bootstrap-servers", self.kafka],
                stdin=lines, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            )
        if done.returncode:
            raise RuntimeError(f"nixtape ingest pipe ended with {done.returncode}: {done.stderr}")

    def jvm(self, kind):
        """java and its options, as the launcher chose them for `builds`, a `shim` or a `server`."""
        java = os.readlink(f"/proc/{self.process.pid}/exe")
        arguments = pathlib.Path(f"/proc/{self.process.pid}/cmdline").read_bytes().decode().split("\0")
        options = next(a for a in arguments if a.startswith("@"))[1:]
        folder, name = os.path.split(options)
        return Jvm(java, shlex.split((pathlib.Path(folder) / name.replace("server", kind)).read_text()))

    def stop(self):
        self._connection.close()
        stop(self.process)


class Jvm:
    """java with the launcher's options, for another class path."""

    def __init__(self, java, options):
        self.java = java
        self.class_path = options[options.index("-classpath") + 1]
        before = options[: options.index("-classpath")]
        self.flags = [o for o in before if not o.startswith("-XX:AOTCache")] + ["-Xlog:disable", "-Xlog:all=error:stderr"]

    def jar(self, prefix):
        return next(j for j in self.class_path.split(":") if os.path.basename(j).startswith(prefix))

    def compile(self, source, folder, class_path):
        folder.mkdir(exist_ok=True)
        javac = os.path.join(os.path.dirname(self.java), "javac")
        subprocess.run([javac, "-proc:none", "-cp", class_path, "-d", folder, HERE / source], check=True)

    def command(self, class_path, *arguments):
        return [self.java, *self.flags, "-classpath", class_path, *arguments]


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def kafka_tools(bench):
    """The jar with Kafka's own benchmarks, of the Kafka that nixtape is built with: nixtape itself does not need it."""
    jar = next((ROOT / "query-cli/target/launch/current/lib").glob("kafka-clients-*.jar"))
    return maven_jars(bench, ["org.apache.kafka:kafka-tools:" + jar.stem.removeprefix("kafka-clients-")])


def maven_jars(bench, artifacts):
    """A class path of what only a benchmark needs."""
    jars = []
    for artifact in artifacts:
        done = subprocess.run(
            ["mvn", "-q", "-B", "-ntp", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={bench.folder}"],
            cwd=bench.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
        )
        if done.returncode:
            raise CannotRun(f"Maven could not get {artifact}: {done.stdout[-500:]}")
        _, name, version = artifact.split(":")
        jars.append(str(bench.folder / f"{name}-{version}.jar"))
    return ":".join(jars)


class Kafka:
    """The two things that are asked of a broker here, in Kafka's protocol: a process for each question would cost more than what is measured."""

    LIST_OFFSETS, CREATE_TOPICS = 2, 19
    LATEST = -1

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port))

    def end_offset(self, topic):
        answer = self._ask(
            self.LIST_OFFSETS, 1, struct.pack(">ii", -1, 1) + text(topic) + struct.pack(">iiq", 1, 0, self.LATEST)
        )
        error, _, offset = struct.unpack_from(">hqq", answer, 4 + 2 + len(topic) + 4 + 4)
        if error:
            raise RuntimeError(f"end offset of {topic}: Kafka's error {error}")
        return offset

    def create(self, topic):
        self._ask(
            self.CREATE_TOPICS, 2, struct.pack(">i", 1) + text(topic) + struct.pack(">ihii", 1, 1, 0, 0) + struct.pack(">ib", 10_000, 0)
        )

    def _ask(self, key, version, body):
        request = struct.pack(">hhi", key, version, 0) + text("bench") + body
        self._socket.sendall(struct.pack(">i", len(request)) + request)
        (length,) = struct.unpack(">i", self._read(4))
        return self._read(length)[4:]

    def _read(self, count):
        data = b""
        while len(data) < count:
            more = self._socket.recv(count - len(data))
            if not more:
                raise RuntimeError("Kafka closed the connection")
            data += more
        return data


def text(words):
    return struct.pack(">h", len(words)) + words.encode()


def status_mb(pid, key):
    """VmRSS (now) or VmHWM (the most so far) of a process, in MB of 2^20 bytes."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1024
    raise KeyError(key)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def short(number):
    return f"{number:,.0f}" if number >= 1000 else f"{number:.3g}"


def make_up(path):
    """A session of the corpus' shape: 20 builds with 7,150 log lines, 633 substitutions, a million progress lines of 25 transfers at a time."""
    random.seed(1)
    builds, transfers, log_lines, progress = 20, 633, 7_150, 1_010_000
    ids = iter(range(1 << 40, 1 << 41))
    with open(path, "w") as out:
        def emit(**event):
            out.write("@nix " + json.dumps(event, separators=(",", ":")) + "\n")

        def store_path(name):
            return f"/nix/store/{random.getrandbits(160):032x}"[:43] + "-" + name

        def transfer(number):
            path = store_path(f"package-{number}-1.0")
            substitute, copy, download = next(ids), next(ids), next(ids)
            cache = "https://cache.example.org"
            emit(action="start", id=substitute, level=3, parent=0, text=f"substituting '{path}'", type=108, fields=[path, cache])
            emit(action="start", id=copy, level=3, parent=substitute, text=f"copying path '{path}'", type=100, fields=[path, cache, "local"])
            url = f"{cache}/nar/{number}.nar.xz"
            emit(action="start", id=download, level=4, parent=copy, text=f"downloading '{url}'", type=101, fields=[url])
            size = random.randrange(1 << 16, 1 << 31)
            count = progress // transfers
            for step in range(1, count + 1):
                yield
                emit(action="result", fields=[size * step // count, size, 0, 0], id=copy if step % 8 else download, type=105)
            for ended in (download, copy, substitute):
                emit(action="stop", id=ended)

        waiting = [transfer(number) for number in range(transfers)]
        active = []
        while waiting or active:
            while waiting and len(active) < 25:
                active.append(waiting.pop())
            one = random.choice(active)
            if next(one, "over") == "over":
                active.remove(one)
        for build in range(builds):
            drv = store_path(f"built-{build}.drv")
            activity = next(ids)
            emit(action="start", id=activity, level=3, parent=0, text=f"building '{drv}'", type=105, fields=[drv, "", 1, 1])
            for line in range(log_lines // builds + (build < log_lines % builds)):
                emit(action="result", fields=[f"[{line}] compiling a file with a rather ordinary name"], id=activity, type=101)
            emit(action="stop", id=activity)
