"""A stand-in for systemd, as far as a service can tell: it passes sockets at the start (sd_listen_fds(3)), hears what the service says
(sd_notify(3)), keeps the sockets that it is given, and passes those too at every start that follows.

Run as a program, it puts the descriptors that it inherited where such a service looks for them, and becomes the service.
"""

import array
import fcntl
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import threading

FIRST_DESCRIPTOR = 3  # SD_LISTEN_FDS_START
MAX_DESCRIPTORS = 253  # SCM_MAX_FD of Linux: in one message
HERE = pathlib.Path(__file__).resolve()


class ServiceManager:
    """One service, and what is kept for it."""

    def __init__(self, command, log, listen=None, keeps=True, environment=None):
        """
        command: what is started
        log: a file for all that it writes
        listen: the path of a socket that is passed at every start, like a socket unit's; None to pass none
        keeps: whether it may have sockets kept (FileDescriptorStoreMax=)
        """
        self._command = [str(word) for word in command]
        self._log_path = pathlib.Path(log)
        self._log = open(log, "ab")
        self._environment = {k: v for k, v in (environment or os.environ).items() if not k.startswith("LISTEN_")}
        self._environment.pop("NOTIFY_SOCKET", None)
        self._lock = threading.Lock()
        self._kept = []  # (name, descriptor)
        self._is_ready = threading.Event()
        self._process = None
        self.starts = 0
        self.statuses = []
        self.forget_nothing = False
        self._listening = None
        if listen:
            self._listening = socket.socket(socket.AF_UNIX)
            self._listening.bind(str(listen))
            os.chmod(listen, 0o666)
            self._listening.listen(4096)
        self._notify = None
        if keeps:
            address = self._log_path.with_suffix(".notify")
            self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._notify.bind(str(address))
            self._environment["NOTIFY_SOCKET"] = str(address)
            self._stop, stop = os.pipe()
            self._stopping = stop
            self._thread = threading.Thread(target=self._hear, daemon=True)
            self._thread.start()

    # -- what the service says

    def _hear(self):
        while True:
            readable, _, _ = select.select([self._notify, self._stop], [], [])
            if self._stop in readable:
                return
            self._hear_all()

    def _hear_all(self):
        """All that was said so far. What a service said before it died counts."""
        if not self._notify:
            return
        with self._lock:
            while True:
                try:
                    message, ancillary, _, _ = self._notify.recvmsg(
                        65536, socket.CMSG_SPACE(MAX_DESCRIPTORS * 4), socket.MSG_DONTWAIT | socket.MSG_CMSG_CLOEXEC
                    )
                except BlockingIOError:
                    return
                descriptors = array.array("i")
                for level, kind, data in ancillary:
                    if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                        descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
                self._said(dict(line.split("=", 1) for line in message.decode().splitlines() if "=" in line), list(descriptors))

    def _said(self, what, descriptors):
        name = what.get("FDNAME", "stored")
        if what.get("FDSTORE") == "1":
            self._kept += [(name, descriptor) for descriptor in descriptors]
        else:
            for descriptor in descriptors:
                os.close(descriptor)
        if what.get("FDSTOREREMOVE") == "1" and not self.forget_nothing:
            for kept in [each for each in self._kept if each[0] == name]:
                os.close(kept[1])
                self._kept.remove(kept)
        if "STATUS" in what:
            self.statuses.append(what["STATUS"])
        if what.get("READY") == "1":
            self._is_ready.set()

    def kept(self):
        """The names of what is kept."""
        self._hear_all()
        with self._lock:
            return [name for name, _ in self._kept]

    # -- its life

    def start(self):
        self._hear_all()
        self._is_ready.clear()
        passed = [("nix.socket", self._listening.fileno())] if self._listening else []
        with self._lock:
            passed += self._kept
            environment = dict(self._environment)
            if passed:
                environment["LISTEN_FDS"] = str(len(passed))
                environment["LISTEN_FDNAMES"] = ":".join(name for name, _ in passed)
            descriptors = [descriptor for _, descriptor in passed]
            self._process = subprocess.Popen(
                [sys.executable, "-S", "-E", HERE, ",".join(map(str, descriptors)), *self._command],
                pass_fds=descriptors,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,  # a ctrl-C of the tests is theirs to handle
            )
        self.starts += 1

    def await_ready(self, seconds):
        """Whether it said that it is up, within so many seconds. Raises an exception when it ended."""
        for _ in range(int(seconds * 20)):
            if self._is_ready.wait(0.05):
                return True
            if self._process.poll() is not None:
                raise RuntimeError(f"the service ended with {self._process.returncode}:\n{self.log()}")
        return False

    def is_up(self):
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self):
        return self._process.pid

    def kill(self):
        """kill -9"""
        self._process.kill()
        self._process.wait()
        self._hear_all()

    def stop(self, seconds=10):
        """SIGTERM; it has so many seconds."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=seconds)
        self._hear_all()

    def log(self):
        return self._log_path.read_text(errors="replace")[-4000:]

    def close(self):
        """Ends the service, and lets go of all that was kept."""
        if self.is_up():
            self.kill()
        if self._notify:
            os.write(self._stopping, b"x")
            self._thread.join()
            os.close(self._stop)
            os.close(self._stopping)
            self._notify.close()
        for _, descriptor in self._kept:
            os.close(descriptor)
        self._kept = []
        if self._listening:
            self._listening.close()
        self._log.close()


def become(descriptors, command):
    """Puts descriptors where a service expects them, and becomes it."""
    # Out of the way first: a place that one of them takes may still hold another.
    above = FIRST_DESCRIPTOR + len(descriptors)
    moved = [fcntl.fcntl(each, fcntl.F_DUPFD, above) for each in descriptors]
    for each in descriptors:
        os.close(each)
    for place, each in enumerate(moved, FIRST_DESCRIPTOR):
        os.dup2(each, place, inheritable=True)
        os.close(each)
    if descriptors:
        os.environ["LISTEN_PID"] = str(os.getpid())
    os.execvp(command[0], command)


if __name__ == "__main__":
    become([int(number) for number in sys.argv[1].split(",") if number], sys.argv[2:])
