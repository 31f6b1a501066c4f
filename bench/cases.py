"""The benchmarks. The first line of each one's documentation says what it measures; `goal` is what the project set itself."""

import contextlib
import http.client
import itertools
import json
import multiprocessing
import pathlib
import re
import resource
import select
import signal
import socket
import statistics
import subprocess
import threading
import time

from harness import (
    LAUNCHER, REAL_NIX, CannotRun, Kafka, cpu_seconds, free_port, kafka_tools, maven_jars, need, short, status_mb, stop, wait_until,
)

LOG = "nixtape.log"


def project(bench):
    """re-projection of the recording, in lines a second

    The log holds the recording several times, each from a host of its own. The first is projected by a JVM that just started (cold), the
    second half shows the steady rate (warm).
    """
    goal = "goal: at least 2,000,000 lines/s on 2 cores"
    copies = 12
    corpus = bench.corpus()
    up = bench.up()
    for host in range(copies):
        up.ingest_pipe(corpus, f"host-{host}")
    total = copies * corpus.lines
    up.await_lines(total)
    jvm = up.jvm("server")
    classes = bench.folder / "classes"
    jvm.compile("CountLines.java", classes, jvm.class_path)
    cold, warm, counted_cold, counted_warm = [], [], [], []
    for _ in range(bench.pairs):
        up.stop()
        up = bench.up("--rebuild")
        seen = []
        while not seen or seen[-1][1] < total:
            seen.append((time.monotonic(), up.lines()))
            time.sleep(0.1)
        cold.append(rate(seen, 1, corpus.lines))
        warm.append(rate(seen, total // 2, total))
        counted = subprocess.run(
            jvm.command(f"{classes}:{jvm.class_path}", "CountLines", up.kafka, LOG, str(corpus.lines), str(total)),
            check=True, stdout=subprocess.PIPE, text=True,
        ).stdout.split()
        counted_cold.append(float(counted[0]))
        counted_warm.append(float(counted[1]))
        bench.say(f"cold {short(cold[-1])}, warm {short(warm[-1])} lines/s; only counted: {short(counted_cold[-1])}, {short(counted_warm[-1])}")
    bench.say(goal)
    bench.ratio(cold, "lines/s", counted_cold, "a consumer that only counts them, cold", "cold")
    bench.ratio(warm, "lines/s", counted_warm, "a consumer that only counts them, warm")


def rate(seen, first, last):
    """Lines a second between two counts of lines, of samples (time, lines)."""
    def when(lines):
        for (t0, n0), (t1, n1) in itertools.pairwise(seen):
            if n0 < lines <= n1:
                return t0 + (t1 - t0) * (lines - n0) / (n1 - n0)
        return seen[0][0]

    first = max(first, seen[0][1])
    start = next((t, n) for t, n in seen if n >= first)
    if start[1] >= last:
        start = (when(first), first)
    return (last - start[1]) / (when(last) - start[0])


def ingest(bench):
    """the recording through the shim's Unix socket until Kafka has all of it, in lines a second

    Kafka is the one of `nixtape up`, in a process of its own, and nobody reads the log meanwhile. The first pass, by JVMs that just started, is
    told but not counted. Kafka's own ProducerPerformance sends pieces of complete lines of the recording as large as a full chunk, taken at
    random, with the shim's settings, and as many before it counts.
    """
    need("kcat", "kcat")
    corpus = bench.corpus()
    recording = corpus.path.read_bytes()
    up = bench.up()
    jvm = up.jvm("server")
    up.stop()
    broker = KafkaAlone(bench, jvm)
    kafka = Kafka(broker.port)
    kafka.create("kcat")
    kafka.create("perf")
    perf = ProducerPerformance(bench, jvm, broker.address, recording)
    shim = Shim(bench, broker.address, bench.folder / "shim")
    ours, theirs, perfs, rest = [], [], [], []
    for number in range(bench.pairs + 1):
        before = broker.topic_bytes(LOG)
        seconds = through_socket(recording, shim.socket_path, kafka)
        at_rest = (broker.topic_bytes(LOG) - before) / corpus.lines
        before = broker.topic_bytes("kcat")
        began = time.monotonic()
        subprocess.run(["kcat", "-P", "-b", broker.address, "-t", "kcat", "-l", corpus.path], check=True, stdout=subprocess.DEVNULL)
        kcat_seconds = time.monotonic() - began
        kcat_at_rest = broker.topic_bytes("kcat") - before
        bytes_per_second = perf.run()
        perf_lines = bytes_per_second / corpus.bytes * corpus.lines
        figures = (
            f"{corpus.lines / seconds:,.0f} lines/s and {at_rest:.1f} bytes a line at rest,"
            f" kcat {corpus.lines / kcat_seconds:,.0f} and {kcat_at_rest / corpus.lines:.1f}, ProducerPerformance {perf_lines:,.0f}"
        )
        bench.say(f"{'pass %d' % number if number else 'cold'}: {figures}")
        if number:
            ours.append(corpus.lines / seconds)
            theirs.append(corpus.lines / kcat_seconds)
            perfs.append(perf_lines)
            rest.append(at_rest)
    bench.say("goal: at least 1.5 times kcat and 0.8 times ProducerPerformance, at most 5 bytes a line at rest")
    bench.ratio(rest, "bytes a line", [5] * bench.pairs, "limit at rest", "at-rest")
    bench.ratio(ours, "lines/s", perfs, "ProducerPerformance with chunks", "to-producer")
    bench.ratio(ours, "lines/s", theirs, "kcat -P -l, one line a record")


class KafkaAlone:
    """The Kafka of `nixtape up`, with the log's topic and nobody who reads it."""

    def __init__(self, bench, jvm):
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._data = bench.folder / "kafka-alone"
        classes = bench.folder / "kafka-alone-classes"
        jvm.compile("KafkaAlone.java", classes, jvm.class_path)
        process = bench.start(
            jvm.command(f"{classes}:{jvm.class_path}", "KafkaAlone", self._data, str(self.port)), stdout=subprocess.PIPE, text=True
        )
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("Kafka alone did not start")

    def topic_bytes(self, topic):
        """What a topic takes on the disk."""
        return sum(f.stat().st_size for f in (self._data / f"{topic}-0").glob("*.log"))


class ProducerPerformance:
    """What Kafka's own producer sends, when it has nothing else to do."""

    CHUNK = 128 * 1024  # Topic.CHUNK_BYTES
    BETWEEN = "\x01chunk\x01"

    def __init__(self, bench, jvm, address, recording):
        chunks, at = [], 0
        while at < len(recording):
            end = at + self.CHUNK
            end = len(recording) if end >= len(recording) else recording.rindex(b"\n", at, end) + 1
            chunks.append(recording[at:end])
            at = end
        payload = bench.folder / "chunks"
        payload.write_bytes(self.BETWEEN.encode().join(chunks))
        flags = [flag for flag in jvm.flags if not flag.startswith("-Xm")]  # it holds all of the recording
        self._command = [
            jvm.java, *flags, "-Xmx1g", "-classpath", f"{kafka_tools(bench)}:{jvm.class_path}",
            "org.apache.kafka.tools.ProducerPerformance", "--topic", "perf", "--throughput", "-1",
            "--num-records", str(2 * len(chunks)), "--warmup-records", str(len(chunks)),
            "--payload-file", payload, "--payload-delimiter", self.BETWEEN,
            "--producer-props", f"bootstrap.servers={address}", "acks=all", "compression.type=zstd", "compression.zstd.level=1",
            "linger.ms=5", f"batch.size={256 * 1024}", f"buffer.memory={16 << 20}",
        ]

    def run(self):
        """Bytes a second."""
        done = subprocess.run(self._command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise RuntimeError(f"ProducerPerformance: {done.stdout}{done.stderr}")
        last = [line for line in done.stdout.splitlines() if "MB/sec" in line][-1]
        return float(last.split("(")[1].split(" MB/sec")[0]) * 1024 * 1024


def through_socket(recording, path, kafka):
    """Seconds from the first byte until the log has grown for the last time."""
    end = kafka.end_offset(LOG)
    began = time.monotonic()

    def write():
        with socket.socket(socket.AF_UNIX) as nix:
            nix.connect(str(path))
            nix.sendall(recording)

    writer = threading.Thread(target=write)
    writer.start()
    grown = began
    while writer.is_alive() or time.monotonic() - grown < 0.5:
        now_end = kafka.end_offset(LOG)
        if now_end > end:
            end, grown = now_end, time.monotonic()
        time.sleep(0.002)
    return grown - began


def latency(bench):
    """from write() on the socket to visible in the answer of /v1/builds?show=running, 99th percentile in ms

    A build starts every 50 ms; at low load nothing else happens, when busy 50,000 progress lines a second come through 25 other connections.
    The server is asked again 2 ms after each answer. The first 20 s, by a JVM that just started, are not counted.
    """
    up = bench.up()
    starts = Starts(up)
    busy(up, lambda: starts.sample(10))
    starts.sample(10)
    low, loaded, echoed = [], [], []
    for _ in range(bench.pairs):
        quiet = starts.sample(30)
        full, lines_per_second = busy(up, lambda: starts.sample(30))
        echo = echo_round_trips(600)
        low.append(percentile(quiet, 99))
        loaded.append(percentile(full, 99))
        echoed.append(percentile(echo, 99))
        bench.say(
            f"low load p50 {percentile(quiet, 50):.1f}, p99 {low[-1]:.1f} ms; at {lines_per_second:,.0f} lines/s"
            f" p50 {percentile(full, 50):.1f}, p99 {loaded[-1]:.1f} ms; echo p99 {echoed[-1]:.2f} ms"
        )
    bench.say("goal: at most 100 ms each")
    what = "a round trip over a Unix socket"
    bench.ratio(low, "ms", echoed, what, "low")
    bench.ratio(loaded, "ms", echoed, what)


class Starts:
    """A connection on which builds start and succeed, as of a Nix with much to build, and one on which is asked what runs."""

    BUILDS = 1 << 50

    def __init__(self, up):
        self._up = up
        self._nix = socket.socket(socket.AF_UNIX)
        self._nix.connect(str(up.socket_path))
        self._ids = itertools.count(self.BUILDS + 1)
        self._tell(action="start", id=self.BUILDS, level=0, parent=0, text="", type=104)

    def _tell(self, **event):
        self._nix.sendall(json.dumps(event, separators=(",", ":")).encode() + b"\n")

    def sample(self, seconds):
        """Milliseconds until each start was visible."""
        took = []
        tick = time.monotonic()
        until = tick + seconds
        while tick < until:
            time.sleep(max(0, tick - time.monotonic()))
            took.append(self._one())
            tick = max(tick + 0.05, time.monotonic())
        return took

    def _one(self):
        activity = next(self._ids)
        before = activity - self.BUILDS - 1
        drv = f"/nix/store/{activity:032d}-bench.drv"
        began = time.monotonic()
        self._tell(action="start", id=activity, level=3, parent=0, text=f"building '{drv}'", type=105, fields=[drv, "", 1, 1])
        while drv.encode() not in self._up.raw("/v1/builds?show=running"):
            if time.monotonic() - began > 30:
                raise RuntimeError("a build that started is not visible after 30 s")
            time.sleep(0.002)
        took = time.monotonic() - began
        self._tell(action="stop", id=activity)
        self._tell(action="result", id=self.BUILDS, type=105, fields=[before + 1, before + 1, 0, 0])
        return took * 1000


def busy(up, measure):
    """Measures while progress lines come; also says how many came a second."""
    sent = multiprocessing.Value("q", 0)
    load = multiprocessing.Process(target=send_progress, args=(str(up.socket_path), sent), daemon=True)
    load.start()
    time.sleep(1)
    before, began = sent.value, time.monotonic()
    result = measure()
    per_second = (sent.value - before) / (time.monotonic() - began)
    load.terminate()
    load.join()
    return result, per_second


def send_progress(path, sent):
    lines_per_second, connections, burst = 50_000, 25, 10
    nixes = []
    for number in range(connections):
        nix = socket.socket(socket.AF_UNIX)
        nix.connect(path)
        transfer = (1 << 45) + number
        store_path = f"/nix/store/{transfer:032d}-transfer"
        start = {
            "action": "start", "id": transfer, "level": 3, "parent": 0, "text": "copying", "type": 100,
            "fields": [store_path, "https://cache.example.org", "local"],
        }
        nix.sendall(json.dumps(start).encode() + b"\n")
        bursts = [
            b"".join(b'{"action":"result","fields":[%d,9999999,0,0],"id":%d,"type":105}\n' % (b * burst + i, transfer) for i in range(burst))
            for b in range(1000)
        ]
        nixes.append((nix, itertools.cycle(bursts)))
    pause = connections * burst / lines_per_second
    tick = time.monotonic()
    while True:
        for nix, bursts in nixes:
            nix.sendall(next(bursts))
        sent.value += connections * burst
        tick += pause
        time.sleep(max(0, tick - time.monotonic()))


def echo_round_trips(count):
    ours, its = socket.socketpair(socket.AF_UNIX)

    def echo():
        while line := its.recv(4096):
            its.sendall(line)

    thread = threading.Thread(target=echo)
    thread.start()
    took = []
    for _ in range(count):
        time.sleep(0.005)
        began = time.monotonic()
        ours.sendall(b"x" * 200)
        ours.recv(4096)
        took.append((time.monotonic() - began) * 1000)
    ours.close()
    thread.join()
    its.close()
    return took


def percentile(samples, percent):
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def cli(bench):
    """`nixtape builds` as a process, in ms

    The server knows the recording. The reference is a picocli command that does nothing, in a JVM with the same options and a start-up
    archive of its own.
    """
    runs = 20
    corpus = bench.corpus()
    up = bench.up()
    up.ingest_pipe(corpus, "host")
    up.await_lines(corpus.lines)
    empty = empty_command(bench, up.jvm("builds"))
    commands = {
        "builds": [LAUNCHER, "builds", "--server", f"http://127.0.0.1:{up.port}"],
        "--version": [LAUNCHER, "--version"],
        "empty": empty,
    }
    ours, version, reference = [], [], []
    for _ in range(bench.pairs):
        took = {name: [] for name in commands}
        for _ in range(runs):
            for name, command in commands.items():
                began = time.monotonic()
                subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
                took[name].append((time.monotonic() - began) * 1000)
        median = {name: statistics.median(times) for name, times in took.items()}
        bench.say(", ".join(f"{name} {ms:.0f} ms" for name, ms in median.items()))
        ours.append(median["builds"])
        version.append(median["--version"])
        reference.append(median["empty"])
    bench.say("goal: at most 2 times the reference")
    bench.ratio(ours, "ms", version, "nixtape --version", "to-version")
    bench.ratio(ours, "ms", reference, "an empty picocli command")


def empty_command(bench, jvm):
    picocli = jvm.jar("picocli")
    classes, jar, cache = bench.folder / "empty", bench.folder / "empty.jar", bench.folder / "empty.aot"
    jvm.compile("EmptyCommand.java", classes, picocli)
    tool = pathlib.Path(jvm.java).with_name("jar")
    subprocess.run([tool, "--create", "--file", jar, "-C", classes, "."], check=True)
    command = jvm.command(f"{jar}:{picocli}", "EmptyCommand")
    subprocess.run([command[0], f"-XX:AOTCacheOutput={cache}", *command[1:]], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return [command[0], f"-XX:AOTCache={cache}", *command[1:]]


def start(bench):
    """from `nixtape up` on data that is there to its `ready`, in seconds

    The data holds the recording; the server was stopped in order.
    """
    corpus = bench.corpus()
    up = bench.up()
    up.ingest_pipe(corpus, "host")
    up.await_lines(corpus.lines)
    java = up.jvm("server").java
    up.stop()
    ours, reference = [], []
    for _ in range(bench.pairs):
        up = bench.up()
        up.stop()
        ours.append(up.started)
        began = time.monotonic()
        subprocess.run([java, "-version"], check=True, stderr=subprocess.DEVNULL)
        reference.append(time.monotonic() - began)
        bench.say(f"ready after {ours[-1]:.2f} s, java -version took {reference[-1]:.2f} s")
    bench.say("goal: at most 4 s on 2 cores")
    bench.ratio(ours, "s", reference, "java -version")


def footprint(bench):
    """memory and processor time of `nixtape up` and of the shim alone: at rest, and while the recording goes through

    At rest is from 60 s to 120 s after the start, on data that holds the recording once. Memory is what is resident, and the most that
    ever was.
    """
    limits = {
        "cpu": (2, "% of a core", "limit at rest"),
        "shim": (150, "MB", "limit of the shim alone, at rest"),
        "shim-peak": (150, "MB", "limit of the shim alone, while the recording goes through"),
        "peak": (700, "MB", "limit while the recording goes through"),
        "": (300, "MB", "limit at rest"),
    }
    corpus = bench.corpus()
    recording = corpus.path.read_bytes()
    up = bench.up()
    up.ingest_pipe(corpus, "first")
    up.await_lines(corpus.lines)
    up.stop()
    measured = {part: [] for part in limits}
    for number in range(bench.pairs):
        up = bench.up()
        folder = bench.folder / "shim"
        shim = Shim(bench, up.kafka, folder).process
        time.sleep(60)
        rest = {"": status_mb(up.process.pid, "VmRSS"), "shim": status_mb(shim.pid, "VmRSS")}
        before = cpu_seconds(up.process.pid)
        time.sleep(60)
        rest["cpu"] = (cpu_seconds(up.process.pid) - before) / 60 * 100
        known = up.lines()
        up.ingest_pipe(corpus, f"pipe-{number}")
        up.await_lines(known + corpus.lines)
        rest["peak"] = status_mb(up.process.pid, "VmHWM")
        through_socket(recording, folder / "nix.sock", Kafka(up.kafka_port))
        rest["shim-peak"] = status_mb(shim.pid, "VmHWM")
        stop(shim)
        up.stop()
        for part, value in rest.items():
            measured[part].append(value)
        bench.say(", ".join(f"{part or 'rest'} {value:.1f}" for part, value in rest.items()))
    for part, (limit, unit, what) in limits.items():
        bench.ratio(measured[part], unit, [limit] * bench.pairs, what, part)


class Shim:
    """A `nixtape ingest` of its own."""

    def __init__(self, bench, kafka, folder):
        self.socket_path = folder / "nix.sock"
        self.process = bench.start(
            [LAUNCHER, "ingest", "--bootstrap-servers", kafka, "--socket-dir", folder, "--spool", bench.folder / "spool"]
            + ["--listen", f"127.0.0.1:{free_port()}"],
            stdout=subprocess.DEVNULL,
        )
        wait_until(self._listens, 60, "nixtape ingest listens")

    def _listens(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket_path)) == 0


class Delay:
    """A session that says a line every 20 ms, and what it takes each line to be in the log: at a consumer."""

    MARK = '{"action":"result","fields":["probe '

    def __init__(self, bench, up, path):
        jvm = up.jvm("server")
        classes = bench.folder / "probe"
        jvm.compile("Probe.java", classes, jvm.class_path)
        self._consumer = bench.start(
            jvm.command(f"{classes}:{jvm.class_path}", "Probe", up.kafka, LOG, self.MARK), stdout=subprocess.PIPE, text=True
        )
        if self._consumer.stdout.readline() != "ready\n":
            raise RuntimeError("the consumer of the probes did not start")
        self._sent, self._came = {}, {}
        threading.Thread(target=self._read, daemon=True).start()
        self._nix = socket.socket(socket.AF_UNIX)
        self._nix.connect(str(path))
        self._numbers = itertools.count()
        self.sample(seconds=5)

    def _read(self):
        for line in self._consumer.stdout:
            number, micros = line.split()
            self._came.setdefault(int(number), int(micros) / 1e6)

    def sample(self, seconds=None, during=None):
        """Milliseconds that each line took, of so many seconds, or while a thread lives."""
        until = time.monotonic() + (seconds or 0)
        mine = []
        while time.monotonic() < until or (during and during.is_alive()):
            number = next(self._numbers)
            line = f'{self.MARK}{number}"],"id":{1 << 52},"type":101}}\n'.encode()
            self._sent[number] = time.time()
            self._nix.sendall(line)
            mine.append(number)
            time.sleep(0.02)
        wait_until(lambda: self._came.keys() >= set(mine), 60, "all lines of the probe are in the log")
        return [(self._came[number] - self._sent[number]) * 1000 for number in mine]


def said_of(samples):
    return f"p50 {percentile(samples, 50):.1f}, p99 {percentile(samples, 99):.1f}, most {max(samples):.1f} ms"


def many(path, count, lines, keep):
    """So many sessions at once; each says its lines in turns with all others. Those that are kept stay open."""
    burst = min(lines, 50)
    opened = [socket.socket(socket.AF_UNIX) for _ in range(count)]
    for connection in opened:
        connection.connect(str(path))
    for _ in range(lines // burst):
        for number, connection in enumerate(opened):
            connection.sendall(b"".join(b'{"action":"result","fields":[%d,9999,0,0],"id":%d,"type":105}\n' % (i, number) for i in range(burst)))
    if keep is None:
        for connection in opened:
            connection.close()
    else:
        keep += opened


def sessions(bench):
    """1,000 sessions at once with 1,000 lines each, and 10,000 open ones: the shim's memory, and what it takes another's line to be in the log

    The reference is the same session's delay when it is alone.
    """
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit[1] < 12_000:
        raise CannotRun("needs 12,000 open files: raise the hard limit (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
    up = bench.up()
    folder = bench.folder / "shim"
    shim = Shim(bench, up.kafka, folder)
    delay = Delay(bench, up, shim.socket_path)
    alone, thousand, opened, memory = [], [], [], []
    for _ in range(bench.pairs):
        alone.append(percentile(samples := delay.sample(10), 99))
        bench.say(f"alone: {said_of(samples)}; the shim has {status_mb(shim.process.pid, 'VmRSS'):.0f} MB")
        began = time.monotonic()
        load = threading.Thread(target=many, args=(shim.socket_path, 1000, 1000, None))
        load.start()
        thousand.append(percentile(samples := delay.sample(during=load), 99))
        bench.say(
            f"1,000 sessions, 1,000,000 lines in {time.monotonic() - began:.1f} s: {said_of(samples)};"
            f" the shim has {status_mb(shim.process.pid, 'VmRSS'):.0f} MB"
        )
        kept = []
        many(shim.socket_path, 10_000, 1, kept)
        delay.sample(3)
        opened.append(percentile(samples := delay.sample(10), 99))
        memory.append(status_mb(shim.process.pid, "VmRSS"))
        bench.say(f"10,000 open sessions: {said_of(samples)}; the shim has {memory[-1]:.0f} MB")
        for connection in kept:
            connection.close()
        delay.sample(5)
    bench.ratio(memory, "MB", [150] * bench.pairs, "limit of the shim, here with 10,000 open sessions", "memory")
    bench.ratio(opened, "ms", alone, "alone", "10000-open")
    bench.ratio(thousand, "ms", alone, "alone")


def fairness(bench):
    """one session floods 1,000,000 lines: what it takes another's line to be in the log, and a build to be visible, 99th percentile in ms"""
    corpus = bench.corpus()
    recording = corpus.path.read_bytes()
    up = bench.up()
    delay = Delay(bench, up, up.socket_path)
    starts = Starts(up)
    starts.sample(5)

    def flood():
        with socket.socket(socket.AF_UNIX) as nix:
            nix.connect(str(up.socket_path))
            nix.sendall(recording)

    def flooded(measure):
        before = up.lines()
        load = threading.Thread(target=flood)
        load.start()
        result = measure(load)
        load.join()
        up.await_lines(before + corpus.lines)
        return result

    flooded(lambda load: delay.sample(during=load))
    in_log, visible = [], []
    for _ in range(bench.pairs):
        samples = flooded(lambda load: delay.sample(seconds=2, during=load))
        seen = flooded(lambda load: starts.sample(2))
        in_log.append(percentile(samples, 99))
        visible.append(percentile(seen, 99))
        bench.say(f"in the log: {said_of(samples)}; visible: {said_of(seen)}")
    bench.ratio(visible, "ms", [250] * bench.pairs, "limit, to visible in /v1/builds", "visible")
    bench.ratio(in_log, "ms", [250] * bench.pairs, "limit, to the log")


def overhead(bench):
    """wall time of a real Nix build that prints 1,000,000 lines, with json-log-path at the shim, in seconds

    The reference is the same with json-log-path at a file on tmpfs; also at a socket whose reader does nothing but read (what no reader can
    do better), without json-log-path, with Kafka away, and with a shim that is stopped (SIGSTOP) for 2 s. The Nix is that of e2e/real-nix.
    """
    with contextlib.ExitStack() as closing:
        nix = RealNix(closing)
        up = bench.up()
        shim = Shim(bench, up.kafka, nix.folder / "shim")
        reader = multiprocessing.Process(target=only_read, args=(nix.folder / "reader.sock",), daemon=True)
        reader.start()
        closing.callback(reader.terminate)
        ways = {"shim": "/bench/shim/nix.sock", "tmpfs": "/bench/tmpfs/log", "reader": "/bench/reader.sock", "none": None}
        nix.build(None)
        took = {way: [] for way in [*ways, "stopped", "away"]}
        for _ in range(bench.pairs):
            for way, path in ways.items():
                took[way].append(nix.build(path))
            bench.say(", ".join(f"{way} {took[way][-1]:.2f} s" for way in ways))
        for _ in range(bench.pairs):
            took["stopped"].append(nix.build(ways["shim"], lambda: pause(shim.process, statistics.median(took["shim"]) / 3)))
        up.stop()
        for _ in range(bench.pairs):
            took["away"].append(nix.build(ways["shim"]))
        bench.say(", ".join(f"{way} {statistics.median(each):.2f} s" for way, each in took.items()))
        bench.say("goal: at most 1.02 times the file on tmpfs, Kafka there or not")
        bench.ratio(took["shim"], "s", took["none"], "no json-log-path", "to-none")
        bench.ratio(took["shim"], "s", took["reader"], "a reader that does nothing else", "to-reader")
        bench.ratio(took["stopped"], "s", took["shim"], "a shim that is not stopped for 2 s", "stopped")
        bench.ratio(took["away"], "s", took["tmpfs"], "json-log-path at a file on tmpfs", "kafka-away")
        bench.ratio(took["shim"], "s", took["tmpfs"], "json-log-path at a file on tmpfs")


def only_read(path):
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        path.chmod(0o666)
        listening.listen()
        open_ones, buffer = [], bytearray(1 << 17)
        while True:
            readable = select.select([listening, *open_ones], [], [])[0]
            time.sleep(200e-6)  # to wake a reader at every line costs Nix the most
            for each in readable:
                if each is listening:
                    open_ones.append(listening.accept()[0])
                elif not each.recv_into(buffer):
                    open_ones.remove(each)
                    each.close()


def pause(process, after):
    time.sleep(after)
    process.send_signal(signal.SIGSTOP)
    time.sleep(2)
    process.send_signal(signal.SIGCONT)


class RealNix:
    LINES = 1_000_000

    def __init__(self, closing):
        done = subprocess.run([REAL_NIX, "up"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            raise CannotRun(done.stderr.strip())
        closing.callback(lambda: subprocess.run([REAL_NIX, "down"], check=True))
        self.folder = pathlib.Path(done.stdout.strip()) / "bench"
        (self.folder / "tmpfs").mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "nixtape-bench", self.folder / "tmpfs"], check=True)
        closing.callback(lambda: subprocess.run(["umount", "--lazy", self.folder / "tmpfs"], check=True))
        closing.callback(lambda: self._conf("json-log-path ="))
        self._path = ""

    def _conf(self, *lines):
        subprocess.run([REAL_NIX, "conf", *lines], check=True, stdin=subprocess.DEVNULL)

    def build(self, path, meanwhile=lambda: None):
        """Seconds that a build takes."""
        if path != self._path:
            self._conf(f"json-log-path = {path or ''}".rstrip())
            self._path = path
        log = self.folder / "tmpfs/log"
        log.unlink(missing_ok=True)
        log.touch()
        log.chmod(0o666)
        file = self.folder / "lines.nix"
        file.write_text(
            f"""derivation {{ name = "lines"; system = builtins.currentSystem; builder = "/bin/sh"; salt = "{time.time_ns()}";
              args = [ "-c" "seq {self.LINES}; echo > $out" ]; }}"""
        )
        began = time.monotonic()
        client = subprocess.Popen(
            [REAL_NIX, "run", "nix", "build", "--no-link", "-f", "/bench/lines.nix"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        meanwhile()
        _, err = client.communicate(timeout=300)
        took = time.monotonic() - began
        if client.returncode:
            raise RuntimeError(f"nix build ended with {client.returncode}: {err[-500:]}")
        return took


def query(bench):
    """questions about ten years of a farm (50 million builds, 2 million of them as facts), 99th percentile in ms

    The query server answers over HTTP from a store that holds what its history would; SQLite (a row an event, a table of days by name kept in
    step) and DuckDB (Parquet, a row a build, a file a year) answer in a process of their own, without HTTP and JSON. `regressions` are rank
    tests of each name, and of each on each host. `trend` is of the last 90 days; of those SQLite has events, of the ten years days.
    """
    builds, facts, rounds = 50_000_000, 2_000_000, 200
    up = bench.up()
    jvm = up.jvm("server")
    up.stop()
    tools = maven_jars(bench, ["org.apache.kafka:kafka-streams-test-utils:" + version(jvm, "kafka-streams"), "org.xerial:sqlite-jdbc:3.53.4.0"])
    duckdb = next((LAUNCHER.parent / "query-cli/target/launch/current/lib").glob("duckdb_jdbc-*.jar"))
    classes = bench.folder / "classes"
    class_path = f"{classes}:{tools}:{duckdb}:{jvm.class_path}"
    for source in ("Decade.java", "QueryOver.java", "Rivals.java"):
        jvm.compile(source, classes, class_path)
    store = bench.folder / "store"
    server = bench.start(jvm.command(class_path, "dev.nixtape.streams.QueryOver", store, str(builds), str(facts)), stdout=subprocess.PIPE, text=True)
    word, _, address = server.stdout.readline().partition(" ")
    if word != "ready":
        raise RuntimeError("the query server did not start")
    settle(server)
    month = "since=2026-10-02T00:00:00Z"
    name = "package00123-7.3"
    questions = {
        "summary-all": "/v1/stats",
        "summary-30d": f"/v1/stats?{month}",
        "name-all": "/v1/stats?drv=package0012",
        "name-30d": f"/v1/stats?drv=package0012&{month}",
        "builds": f"/v1/history/{name}?limit=20",
        "trend": f"/v1/trend/{name}?since=2026-08-03T00:00:00Z&until=2026-11-01T00:00:00Z",
        "regressions": f"/v1/regressions?{month}&until=2026-11-01T00:00:00Z",
    }
    goals = {"summary-all": 10, "summary-30d": 10, "name-all": 50, "name-30d": 50, "builds": 10, "trend": 10, "regressions": 2000}
    connection = http.client.HTTPConnection(address.strip().removeprefix("http://"))
    ours = {}
    for question, path in questions.items():
        took = []
        warm, asked = (5, 10) if question == "regressions" else (rounds, rounds)
        for number in range(warm + asked):
            began = time.monotonic()
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
            if number >= warm:
                took.append((time.monotonic() - began) * 1000)
        took.sort()
        ours[question] = took[int(len(took) * 0.99)]
        bench.say(f"nixtape {question}: p50 {short(took[len(took) // 2])}, p99 {short(ours[question])} ms, {len(body):,} bytes")
    bench.say(f"nixtape: {disk(store) / 1e6:,.0f} MB on the disk")
    stop(server)
    theirs = {}
    for rival in ("sqlite", "duckdb"):
        flags = ["-Xmx2g" if flag.startswith("-Xmx") else flag for flag in jvm.flags]
        done = subprocess.run(
            [jvm.java, *flags, "-classpath", class_path, "Rivals", rival, bench.folder / rival, str(builds), str(facts), str(rounds)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True, text=True, timeout=3600,
        )
        theirs[rival] = {}
        for line in done.stdout.splitlines():
            question, *figures = line.split()
            if question == "bytes":
                bench.say(f"{rival}: {int(figures[0]) / 1e6:,.0f} MB on the disk")
            else:
                theirs[rival][question] = float(figures[1])
                bench.say(f"{rival} {question}: p50 {short(float(figures[0]))}, p99 {short(float(figures[1]))} ms")
    for question, ms in ours.items():
        for rival, figures in theirs.items():
            bench.ratio([ms], "ms", [figures[question]], rival, f"{question}-{rival}")
        bench.ratio([ms], "ms", [goals[question]], "goal", question)


def control(bench):
    """from an order at the server's socket to its effect on a build of a real Nix, through Kafka, 99th percentile in ms; the reference is the goal"""
    took = []
    for _ in range(bench.pairs):
        done = subprocess.run([LAUNCHER.parent / "e2e/run", "order_to_effect"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        told = re.search(r"median (\d+) ms, p99 (\d+) ms", done.stdout)
        if not told:
            raise CannotRun(done.stdout.strip()[-300:] or done.stderr.strip()[-300:])
        bench.say(told[0])
        took.append(float(told[2]))
    bench.ratio(took, "ms", [250] * len(took), "goal")


def settle(process):
    """Waits until a process that wrote much, and whose store compacts it, does nothing any more."""
    before = cpu_seconds(process.pid)

    def rests():
        nonlocal before
        time.sleep(2)
        now = cpu_seconds(process.pid)
        rested, before = now - before < 0.1, now
        return rested

    wait_until(rests, 300, "the store is compacted")


def version(jvm, prefix):
    return pathlib.Path(jvm.jar(prefix)).stem.rsplit("-", 1)[1]


def disk(folder):
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


CASES = [project, ingest, latency, sessions, fairness, overhead, cli, start, footprint, query, control]
