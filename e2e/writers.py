"""Writers of known lines: many connections that say what a Nix would say, and an exact account of what was written to each."""

import array
import fcntl
import json
import os
import random
import re
import socket
import termios
import threading
import time

PART = 64 * 1024
FIRST_ID = 100_000  # of processes: the upper half of an activity's id
LAST_ID = FIRST_ID - 1
OWN_ID = re.compile(rb'"id":([0-9]{14,})[,}]')


def event(**fields):
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def number_in(part):
    """The number of the connection that wrote this; None when it does not say."""
    found = OWN_ID.search(part)
    return (int(found[1]) >> 32) - FIRST_ID if found else None


def unread(connection):
    """Bytes that the other end has not read yet."""
    count = array.array("i", [0])
    fcntl.ioctl(connection, termios.TIOCOUTQ, count)
    return count[0]


class Nix:
    """One connection's side of the story: what it writes, and what must be known of it."""

    def __init__(self, number, seed, progress=8):
        self.number = number
        self._random = random.Random(seed * 1_000_003 + number)
        self._progress = progress
        self._ids = (FIRST_ID + number) << 32
        self._builds = 0
        self._done = 0
        self._log_lines = 0
        self._open = None
        self.written = bytearray()
        self.broken = None
        self.over = False

    def _id(self, n):
        return self._ids + n

    def some(self, lines):
        """About so many of its next lines."""
        out = []
        if not self.written:
            out.append(event(action="start", id=self._id(1), level=0, parent=0, text="", type=104))
        while len(out) < lines:
            if self._open is None:
                self._begin(out)
            build = self._open
            for _ in range(self._random.randint(0, self._progress)):
                out.append(
                    b'{"action":"result","fields":[%d,%d,1,0],"id":%d,"type":105}\n' % (self._done, self._done + 1, self._id(1))
                )
            self._log_lines += 1
            text = b"%d of %s %x" % (self._log_lines, self._name(self._builds).encode(), self._random.getrandbits(4 * self._random.choice((1, 20, 200))))
            out.append(b'{"action":"result","fields":["%s"],"id":%d,"type":101}\n' % (text, build))
            if self._random.random() < 0.01:
                self._end(out)
        return b"".join(out)

    def _name(self, number):
        return f"chaos-{self.number:06d}-{number:04d}"

    def _begin(self, out):
        self._builds += 1
        self._open = self._id(1 + self._builds)
        drv = f"/nix/store/{self._open:032d}-{self._name(self._builds)}.drv"
        out.append(
            event(action="start", id=self._open, level=3, parent=0, text=f"building '{drv}'", type=105, fields=[drv, "", 1, 1])
        )
        out.append(b'{"action":"result","fields":[%d,%d,1,0],"id":%d,"type":105}\n' % (self._done, self._done + 1, self._id(1)))

    def _end(self, out):
        out.append(event(action="stop", id=self._open))
        self._done += 1
        out.append(b'{"action":"result","fields":[%d,%d,0,0],"id":%d,"type":105}\n' % (self._done, self._done, self._id(1)))
        self._open = None

    def last(self):
        """What it says before it goes."""
        out = []
        if self._open is not None and self._random.random() < 0.7:
            self._end(out)
        return b"".join(out)

    def builds(self):
        """The builds that it told of, by a fold of what was written: name -> (log lines, whether it was told that the build ended)."""
        names, lines, told = {}, {}, {}
        for line in bytes(self.written).splitlines():
            said = json.loads(line)
            if said["action"] == "start" and said["type"] == 105:
                names[said["id"]] = said["fields"][0][len("/nix/store/") + 33 : -len(".drv")]
                lines[said["id"]], told[said["id"]] = 0, False
            elif said["action"] == "stop":
                told[said["id"]] = True
            elif said["action"] == "result" and said["type"] == 101:
                lines[said["id"]] += 1
        return {name: (lines[activity], told[activity]) for activity, name in names.items()}


class Writers:
    """Several connections at a time, each its own thread; when one is done, another begins.

    pause: seconds between two bursts of one of them, about; may be changed
    first: the number of the first connection
    """

    def __init__(self, path, seed, at_once=12, pause=0.05, progress=8, first=0):
        self._path = str(path)
        self._seed = seed
        self._at_once = at_once
        self.pause = pause
        self._first = first
        self._progress = progress
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._closed = False
        self._threads = []
        self.nixes = []
        self.longest_write = 0.0
        self.refused = 0

    def start(self):
        for number in range(self._at_once):
            thread = threading.Thread(target=self._live, args=(number,), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def stop(self):
        """Every connection ends what it says, and closes."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=120)
            if thread.is_alive():
                raise RuntimeError("a writer is still held up after 120 s")

    def close(self):
        """The case is over: whoever is still held up ends with the process that holds it up."""
        self._closed = True
        self._stopping.set()

    def lines(self):
        return sum(nix.written.count(b"\n") for nix in list(self.nixes))

    def reset_longest(self):
        with self._lock:
            self.longest_write = 0.0

    def _live(self, place):
        chance = random.Random(self._seed * 7919 + place)
        while not self._stopping.is_set():
            with self._lock:
                nix = Nix(self._first + len(self.nixes), self._seed, self._progress)
                self.nixes.append(nix)
            try:
                self._speak(nix, chance)
            except OSError as e:
                nix.broken = e
            finally:
                nix.over = True

    def _speak(self, nix, chance):
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(self._path)
            except OSError:
                self.refused += 1
                self._stopping.wait(0.1)
                raise
            for _ in range(chance.randint(1, 200)):
                if self._stopping.is_set():
                    break
                self._write(connection, nix, nix.some(chance.choice((1, 1, 5, 50, 500))), chance)
                self._stopping.wait(chance.random() * chance.choice((0, 1, 1, 4)) * self.pause)
            self._write(connection, nix, nix.last(), chance)
            # Whoever closes never learns whether the other end died before it read the rest.
            while unread(connection) and not self._closed:
                time.sleep(0.01)
            error = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                raise OSError(error, os.strerror(error))

    def _write(self, connection, nix, said, chance):
        """Writes it all, cut anywhere."""
        at = 0
        while at < len(said):
            part = said[at : at + (chance.randint(1, 3000) if chance.random() < 0.2 else PART)]
            began = time.monotonic()
            count = connection.send(part)
            took = time.monotonic() - began
            nix.written += part[:count]
            at += count
            if took > self.longest_write:
                with self._lock:
                    self.longest_write = max(self.longest_write, took)
